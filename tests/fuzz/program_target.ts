/**
 * Fuzzes a program with hostile messages:
 *
 * 1. Nodes start; some messages come before `init`.
 * 2. A clean warm-up gives messages between nodes to start from.
 * 3. Hostile messages come, from clients, in the name of other nodes and of services, and as raw text. Requests are
 *    answered by those who were not asked. Replies of nodes and services are changed on their way. Clean requests go on
 *    meanwhile.
 * 4. All that ends. Every request that is malformed must have got error 10 or 12, every other one a reply.
 * 5. A clean workload must get right answers, and the nodes must agree.
 *
 * A message of another node that is well-formed and a lie is out of scope: it is not sent.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import Type, { type TObject } from "typebox";
import { Compile } from "typebox/compile";
import { parseJSON } from "../../lib/json.ts";
import type { Body, Message } from "../../lib/protocol.ts";
import { formatJSON } from "../../lib/workbench/base/json.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";
import { SERVICES } from "../../lib/workbench/world/services/mod.ts";
import { createFuzzedCluster, type FuzzedCluster, keyOfReply } from "./cluster.ts";
import { expand, HOSTILE, mutate, type Mutation, MUTATIONS } from "./hostile.ts";
import type { FuzzedProgram } from "./programs.ts";

/** One hostile message, or one changed reply. */
export interface Step {
  /**
   * `client`; `peer` (a node's or service's name is forged); `stranger` (one who was not asked replies to a request);
   * `raw` text; or `reply` (the next one is changed).
   */
  kind: "client" | "peer" | "stranger" | "raw" | "reply";
  /** True to come before `init`. */
  early: boolean;
  /** Time to wait afterwards, ms. */
  wait: number;
  /** Choose the receiver, the sender and the message to start from, modulo their number. */
  to: number;
  from: number;
  base: number;
  mutations: Mutation[];
  /** JSON text of the msg_id, or undefined for a good one. */
  id: string | undefined;
  /** Raw text. */
  text: string;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step["kind"][]>("client", "client", "client", "peer", "peer", "stranger", "reply", "raw"),
  early: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
  wait: fc.constantFrom(0, 0, 0, 1, 20, 300),
  to: fc.nat({ max: 9 }),
  from: fc.nat({ max: 9 }),
  base: fc.nat({ max: 50 }),
  mutations: MUTATIONS,
  id: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: HOSTILE }),
  text: fc.oneof(
    HOSTILE,
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "{", '{"src":"c0"}', '{"src":"c0","dest":'),
  ),
});

/** Hostile clients. */
const CLIENTS = ["c90", "c91"];
/** Values that are of the wrong type almost anywhere. */
const JUNK = [null, true, "x", [], {}];
/** Codes of errors, as JSON. 20 and 22 would be lies about what a service holds. */
const CODES = ["0", "1", "10", "11", "13", "14", "21", "30", "1042", "-1", '"x"', "null", "1.5", "@none@"];

/** Property: what steps cannot break. */
export function programProperty(fuzzed: FuzzedProgram): fc.IAsyncProperty<[Step[], number]> {
  const steps = fc.array(STEP, { minLength: 1, maxLength: 24, size: "max" });
  return fc.asyncProperty(steps, fc.nat({ max: 1000 }), (steps, seed) => fuzzProgram(fuzzed, steps, String(seed)));
}

/** Hostile request of a client. */
interface Request {
  line: string;
  /** `malformed`: error 12 or 10. `clients`: any one reply. `nodes`: a reply or none, as it is of a type for nodes. */
  expects: "malformed" | "clients" | "nodes";
}

/** Case under way. */
interface Case {
  fuzzed: FuzzedProgram;
  cluster: FuzzedCluster;
  /** Hostile requests of clients by msg_id. */
  asked: Map<number, Request>;
  /** Types of the replies to them: with errors, the code. */
  answered: Map<number, unknown[]>;
  /** Steps of kind `reply` that wait for a request to refuse, or for a reply to change. */
  refusals: Step[];
  changes: Step[];
  nextId: number;
}

async function fuzzProgram(fuzzed: FuzzedProgram, steps: readonly Step[], seed: string): Promise<void> {
  const cluster = createFuzzedCluster(fuzzed.program, fuzzed.nodes ?? 3, seed);
  const state: Case = {
    fuzzed,
    cluster,
    asked: new Map(),
    answered: new Map(),
    refusals: [],
    changes: [],
    nextId: 1e6,
  };
  for (const client of CLIENTS) cluster.network.attach(client, ({ body }) => takeReply(state, body));
  for (const step of steps.filter(({ early }) => early)) perform(state, step);
  await cluster.init();
  warmUp(state);
  await cluster.run(1000);
  cluster.interference = {
    answer: (message) => refuse(state, message),
    change: (message, line) => change(state, message, line),
  };
  for (const step of steps.filter(({ early }) => !early)) {
    perform(state, step);
    await cluster.run(step.wait);
  }
  warmUp(state);
  await cluster.run(1000);
  cluster.interference = {};
  await cluster.run(10_000);
  // A reply that is malformed may crash a handler, but not the node.
  const crashes = steps.some(({ kind }) => kind === "reply") ? / logged / : /^$/;
  assertEquals(cluster.problems.filter((problem) => !crashes.test(problem)), []);
  cluster.problems.length = 0;
  for (const [id, request] of state.asked) checkReplies(request, state.answered.get(id) ?? []);
  await fuzzed.verify(cluster);
  assertEquals(cluster.problems, []);
}

/** Sends each clean request to some node. Errors are allowed: the service may be failing. */
function warmUp({ fuzzed, cluster: { nodes, rpc } }: Case): void {
  fuzzed.requests.forEach((request, index) => rpc(nodes[index % nodes.length]!, request).catch(() => {}));
}

function takeReply({ answered }: Case, { type, code, in_reply_to }: Body): void {
  const types = answered.get(in_reply_to!) ?? [];
  answered.set(in_reply_to!, [...types, type === "error" ? code : type]);
}

function checkReplies({ line, expects }: Request, replies: readonly unknown[]): void {
  const shown = line.length > 500 ? `${line.slice(0, 500)}…` : line;
  const least = expects === "nodes" ? 0 : 1;
  const got = `got ${replies.join(", ") || "none"}: ${shown}`;
  assert(replies.length >= least && replies.length <= 1, `expected one reply, ${got}`);
  assert(expects !== "malformed" || replies[0] === 12 || replies[0] === 10, `expected error 12 or 10, ${got}`);
}

function perform(state: Case, step: Step): void {
  const { cluster } = state;
  const dest = pick(cluster.nodes, step.to);
  if (step.kind === "raw") cluster.deliver(dest, expand(step.text));
  if (step.kind === "reply") (step.to < 4 ? state.refusals : state.changes).push(step);
  if (step.kind === "client") sendAsClient(state, step, dest);
  if (step.kind === "peer") sendAsPeer(state, step, dest);
  if (step.kind === "stranger") sendAsStranger(state, step, dest);
}

function sendAsClient(state: Case, { mutations, id, from, base }: Step, dest: string): void {
  const { fuzzed, cluster } = state;
  const known = cluster.traffic.filter(({ body }) => typeof body.in_reply_to !== "number").map(({ body }) => body);
  const original = pick([...fuzzed.requests, ...fuzzed.requests, ...known.slice(-10)], base);
  const body = mutate({ ...original, msg_id: 0 }, mutations);
  const isBody = typeof body === "object" && body !== null && !Array.isArray(body);
  const msg_id = state.nextId++;
  const good = isBody && id === undefined;
  const sent = isBody ? { ...body, msg_id: good ? msg_id : parseJSON(id ?? "0") } : body;
  const line = expand(formatJSON({ id: 1, src: pick(CLIENTS, from), dest, body: sent }));
  if (good) expectReply(state, msg_id, line);
  cluster.deliver(dest, line);
}

/** Notes that a request must be answered, if it is one. */
function expectReply({ fuzzed, cluster, asked }: Case, id: number, line: string): void {
  const { body } = parseJSON(line) as Message;
  if (typeof body.type !== "string" || (body.in_reply_to ?? null) !== null || body.type === "init") return;
  asked.set(id, { line, expects: expectationOf(fuzzed, cluster, body) });
}

function expectationOf({ workload, isLenient }: FuzzedProgram, cluster: FuzzedCluster, body: Body): Request["expects"] {
  if (!cluster.handlers.has(body.type)) return "malformed";
  const rpc = WORKLOADS[workload]!.rpcs.find(({ type }) => type === body.type);
  if (rpc !== undefined && isLenient) return matchesOwnSchema(cluster, body) ? "clients" : "malformed";
  if (rpc !== undefined) return checkOf(rpc.request as TObject).Check(body) ? "clients" : "malformed";
  return matchesOwnSchema(cluster, body) ? "nodes" : "malformed";
}

const COMPILED = new WeakMap<object, { Check(value: unknown): boolean }>();

/** Compiles the schema of a request. Other fields are allowed. */
function checkOf(request: TObject): { Check(value: unknown): boolean } {
  const known = COMPILED.get(request) ?? Compile(Type.Object(request.properties));
  COMPILED.set(request, known);
  return known;
}

/** True if the program's own schema for the type, if any, accepts the body. */
function matchesOwnSchema({ handlers }: FuzzedCluster, body: Body): boolean {
  const schema = handlers.get(body.type);
  return typeof schema !== "function" || schema(body) === true;
}

/** Sends a message in the name of another node or a service, unless it is a lie that only looks well-formed. */
function sendAsPeer({ cluster, fuzzed }: Case, { mutations, from, base, id }: Step, dest: string): void {
  const { traffic, nodes } = cluster;
  const known = traffic.filter((message) => message.dest === dest);
  if (known.length === 0) return;
  const original = pick(known, base);
  if (mutations.length === 0 && id === undefined) return cluster.deliver(dest, formatJSON(original));
  const src = pick([original.src, ...nodes, ...Object.keys(SERVICES)], from);
  const body = mutate(base % 5 === 0 ? pick(fuzzed.requests, base) : original.body, mutations);
  const line = expand(formatJSON({ src, dest, body: withId(body, id) }));
  if (isLie(cluster, parseJSON(line) as Message)) return;
  cluster.deliver(dest, line);
}

function withId(body: unknown, id: string | undefined): unknown {
  if (id === undefined || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return { ...body, in_reply_to: parseJSON(id) };
}

/** Replies to a request that is under way, in the name of one who was not asked. */
function sendAsStranger({ cluster }: Case, { mutations, from, base }: Step, dest: string): void {
  const requests = [...cluster.awaited.values()].filter(({ src }) => src === dest);
  const replies = cluster.traffic.filter((message) =>
    message.dest === dest && typeof message.body.in_reply_to === "number"
  );
  if (requests.length === 0 || replies.length === 0) return;
  const request = pick(requests, base);
  const strangers = [...CLIENTS, ...Object.keys(SERVICES), ...cluster.nodes].filter((src) => !mayReply(src, request));
  const body = mutate(pick(replies, base).body, mutations);
  const line = expand(
    formatJSON({ src: pick(strangers, from), dest, body: withId(body, String(request.body.msg_id)) }),
  );
  if (!isLie(cluster, parseJSON(line) as Message)) cluster.deliver(dest, line);
}

/**
 * True for a well-formed message that only the sender could know to be untrue, and for a reply that is waited for. A
 * handler also gets a reply that is not.
 */
function isLie(cluster: FuzzedCluster, { src, dest, body }: Message): boolean {
  if (typeof body !== "object" || body === null) return false;
  const request = cluster.awaited.get(keyOfReply(dest, body.in_reply_to));
  if (request !== undefined && mayReply(src, request)) return true;
  return cluster.handlers.has(body.type) && matchesOwnSchema(cluster, body);
}

/** True for the receiver of a request, and for any node if that is one: it may have forwarded the request. */
function mayReply(src: string, { dest }: Message): boolean {
  const isNode = (name: string) => /^n\d+$/.test(name);
  return src === dest || (isNode(src) && isNode(dest));
}

/** Refuses a request to another node or a service, if a step asks for that: nobody receives it. */
function refuse({ refusals }: Case, { body }: Message): unknown {
  const step = body.msg_id === undefined ? undefined : refusals.shift();
  return step && errorBody(pick(CODES, step.base), body.msg_id!);
}

/** Changes a reply to a node, if a step asks for that: it is lost, or becomes malformed. */
function change({ changes }: Case, message: Message, line: string): string | undefined {
  const { in_reply_to } = message.body;
  if (typeof in_reply_to !== "number") return line;
  const step = changes.shift();
  if (step === undefined) return line;
  const { src, dest, body } = message;
  const send = (changed: unknown) => expand(formatJSON({ src, dest, body: changed }));
  if (step.to < 6) return undefined;
  const fields = Object.keys(body).filter((name) => name !== "in_reply_to");
  const field = pick(fields, step.base);
  const { [field]: _, ...rest } = body;
  return send(step.to < 8 ? { type: "", ...rest } : { ...body, [field]: pick(JUNK, step.from) });
}

function errorBody(code: string, in_reply_to: number): Record<string, unknown> {
  const error = { type: "error", in_reply_to, text: "by the fuzzer" };
  return code === "@none@" ? error : { ...error, code: parseJSON(code) };
}

function pick<T>(values: readonly T[], index: number): T {
  return values[index % values.length]!;
}
