/**
 * Fuzzes `check` with histories and the other files of a run. The machine is fake, so nothing is read from a disk.
 *
 * - Of anything that is damaged, `check` gives a verdict or says what is wrong, in one line.
 * - A history that is written in another way (JSON or EDN, the order of fields, pieces, compression …) has the same
 *   verdict.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { isObject } from "../../lib/protocol.ts";
import { main } from "../../lib/workbench/cli/main.ts";
import { EXIT_STATUS } from "../../lib/workbench/base/exit_status.ts";
import { formatExactJSON, isRawNumber } from "../../lib/workbench/base/json.ts";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";
import { fakeMachine } from "../workbench/engines/fake_machine.ts";
import { filesOf } from "../workbench/fake_files.ts";
import { CORRECT_NODES } from "../workbench/workloads/correct_nodes.ts";
import { drive } from "../workbench/workloads/drive.ts";
import { expand, HOSTILE, mutate, type Mutation, MUTATIONS } from "./hostile.ts";

/** History before it is written. */
interface Recipe {
  workload: string;
  seed: number;
  /** Number of operations in the main phase. */
  count: number;
  /** Changes of operations: the index, modulo their number. */
  changes: { at: number; valueOnly: boolean; mutations: Mutation[] }[];
}

const RECIPE: fc.Arbitrary<Recipe> = fc.record({
  workload: fc.constantFrom(...Object.keys(WORKLOADS)),
  seed: fc.nat({ max: 20 }),
  count: fc.integer({ min: 1, max: 30 }),
  changes: fc.array(fc.record({ at: fc.nat({ max: 200 }), valueOnly: fc.boolean(), mutations: MUTATIONS }), {
    maxLength: 4,
  }),
});

/** Histories by recipe without changes: they are used often. */
const DRIVEN = new Map<string, Promise<Operation[]>>();

/** Records a history of a right node, and changes it. */
async function cook({ workload, seed, count, changes }: Recipe, valueOnly = false): Promise<unknown[]> {
  const name = `${workload} ${seed} ${count}`;
  const options = { concurrency: 3 };
  const driven = DRIVEN.get(name) ?? drive({
    workload: WORKLOADS[workload]!,
    node: CORRECT_NODES[workload]!(),
    options,
    seed: name,
    count,
  }).then(({ history }) => history);
  DRIVEN.set(name, driven);
  const operations: unknown[] = structuredClone(await driven);
  for (const { at, valueOnly: onlyValue, mutations } of changes) {
    const index = at % operations.length;
    const operation = operations[index];
    operations[index] = (onlyValue || valueOnly) && isObject(operation)
      ? { ...operation, value: mutate(operation.value, mutations) }
      : mutate(operation, mutations);
  }
  return operations;
}

/** Ways to write a history. They do not change what it says. */
interface Style {
  edn: boolean;
  /** Characters between two lines. */
  separator: string;
  /** True to write fields in reverse order, and with one more. */
  reversed: boolean;
  /** True to leave out the index. */
  bare: boolean;
  /** True for a vector around all, in EDN. */
  vector: boolean;
  compressed: boolean;
  /** Size of the pieces in which the file is read, bytes. */
  piece: number;
}

const STYLE: fc.Arbitrary<Style> = fc.record({
  edn: fc.boolean(),
  separator: fc.constantFrom("\n", "\n\n", "\r\n", " \n"),
  reversed: fc.boolean(),
  bare: fc.boolean(),
  vector: fc.boolean(),
  compressed: fc.boolean(),
  piece: fc.constantFrom(1, 7, 100, 65_536),
});

function write(operations: readonly unknown[], style: Style): string {
  const lines = operations.map((operation) => {
    const fields = typeof operation === "object" && operation !== null ? restyle(operation, style) : operation;
    return style.edn ? formatEDN(fields, true) : formatExactJSON(fields);
  });
  const text = expand(lines.join(style.separator), style.edn);
  return style.edn && style.vector ? `[${text}] ; end` : `${text}${style.separator}`;
}

function restyle(operation: object, { reversed, bare }: Style): unknown {
  const fields = Object.entries(operation).filter(([name]) => !bare || name !== "index");
  return Object.fromEntries(reversed ? [...fields.reverse(), ["x-other", [1, { a: null }]]] : fields);
}

/** Writes a JSON value as EDN. Functions and types are keywords, as Jepsen writes them. */
function formatEDN(value: unknown, isOperation = false): string {
  if (value === null || value === undefined) return "nil";
  if (Array.isArray(value)) return `[${value.map((each) => formatEDN(each)).join(" ")}]`;
  if (typeof value !== "object" || isRawNumber(value)) return formatExactJSON(value);
  const fields = Object.entries(value).map(([name, each]) => {
    if (!isOperation || !/^[a-z][a-z-]*$/.test(name)) return `${JSON.stringify(name)} ${formatEDN(each)}`;
    const isKeyword = (name === "type" || name === "f") && typeof each === "string" && /^[a-z][a-z-_]*$/.test(each);
    return `:${name} ${isKeyword ? `:${each}` : formatEDN(each)}`;
  });
  return `{${fields.join(", ")}}`;
}

/** Files by path, with the size of the pieces in which they are read. */
async function machineWith(files: Record<string, string>, { compressed, piece }: Style) {
  const encoded: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const [path, text] of Object.entries(files)) {
    const stream = new Blob([encode(text)]).stream();
    const bytes = compressed ? stream.pipeThrough(new CompressionStream("gzip")) : stream;
    encoded[path] = new Uint8Array(await new Response(bytes).arrayBuffer());
  }
  const { files: inspected } = filesOf(encoded);
  return fakeMachine({
    files: inspected,
    openFile: (path) => Promise.resolve(ReadableStream.from(pieces(encoded[path]!, piece))),
  });
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  if (!text.includes(NO_UTF8)) return bytes;
  // It is the only character whose first two bytes are these, among those that the fuzzer writes.
  return bytes.map((byte, index) => byte === 0xf4 && bytes[index + 1] === 0x8f ? 0xff : byte);
}

function* pieces(bytes: Uint8Array<ArrayBuffer>, size: number): Generator<Uint8Array<ArrayBuffer>> {
  const step = Math.max(size, Math.ceil(bytes.length / 2000));
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** Damage of a text. */
interface Damage {
  at: number;
  length: number;
  text: string;
}

/** Character that stands for a byte that is not UTF-8. */
const NO_UTF8 = "\u{10ffff}";

const DAMAGE: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    at: fc.nat(),
    length: fc.constantFrom(0, 1, 5, 1e9),
    text: fc.oneof(
      HOSTILE,
      fc.string({ unit: "binary", maxLength: 5 }),
      fc.constantFrom("", "{", "}", '"', "#", "\0", NO_UTF8),
    ),
  }),
  { maxLength: 2 },
);

function damaged(text: string, damage: readonly Damage[]): string {
  return damage.reduce((before, { at, length, text }) => {
    const start = at % (before.length + 1);
    return before.slice(0, start) + expand(text) + before.slice(start + length);
  }, text);
}

const FLAGS = fc.array(
  fc.oneof(
    fc.constantFrom(...Object.keys(WORKLOADS)).map((name) => ["-w", name]),
    fc.constantFrom(["--consistency-models", "read-committed"], ["--availability", "total"], ["--node-count", "3"]),
  ),
  { maxLength: 2 },
);

/** Files beside a history in the folder of a run of Maelstrom. */
const RESULTS_EDN = "{:valid? true, :net {:all {:send-count 1, :recv-count 1, :msg-count 1, :msgs-per-op 1.0}}}";
const JEPSEN_LOG = 'INFO Command line:\nlein run test -w echo --node-count 3 "--rate" 10\nINFO\n';

/** A history, and damage to it and to what lies beside it. */
export interface DamagedCase {
  recipe: Recipe;
  style: Style;
  damage: Damage[];
  flags: string[][];
  isFolder: boolean;
  besides: Mutation[];
}

/** Property: whatever the files have become, `check` answers properly. */
export const damagedFiles: fc.IAsyncProperty<unknown> = fc.asyncProperty(
  fc.record({
    recipe: RECIPE,
    style: STYLE,
    damage: DAMAGE,
    flags: FLAGS,
    isFolder: fc.boolean(),
    besides: MUTATIONS,
  }),
  async ({ recipe, style, damage, flags, isFolder, besides }) => {
    const history = damaged(write(await cook(recipe), style), damage);
    const name = `run/history.${style.edn ? "edn" : "jsonl"}${style.compressed ? ".gz" : ""}`;
    const beside: Record<string, string> = style.edn
      ? { "run/results.edn": damaged(RESULTS_EDN, damage), "run/jepsen.log": damaged(JEPSEN_LOG, damage) }
      : { "run/results.json": expand(formatExactJSON(mutate(await resultsOf(recipe.workload), besides) ?? null)) };
    const machine = await machineWith({ [name]: history, ...beside }, style);
    const status = await main(["check", isFolder ? "run" : name, ...flags.flat(), "--json"], machine);
    assert(Object.values<number>(EXIT_STATUS).includes(status), `exit status ${status}`);
    if (status >= EXIT_STATUS.usage) assertMatch(machine.err, /^(Cannot|Missing|Unknown) [^\n]*\n$/);
    else assertEquals(crashesOf(machine.out), []);
  },
) as fc.IAsyncProperty<unknown>;

/** Results of a run, by workload. */
const RESULTS = new Map<string, unknown>();

/** Returns what is stored beside a history of our own. */
async function resultsOf(workload: string): Promise<unknown> {
  if (!RESULTS.has(workload)) {
    const style = { edn: false, separator: "\n", reversed: false, bare: false, vector: false, compressed: false };
    const history = write(await cook({ workload, seed: 0, count: 5, changes: [] }), { ...style, piece: 100 });
    const machine = fakeMachine(filesOf({ history }));
    await main(["check", "history", "-w", workload, "--nodes", "n0,n1", "--json"], machine);
    const counts = { send_count: 1, recv_count: 1, msg_count: 1, msgs_per_op: 1 };
    const targets = [{ name: "messages_per_operation", limit: 1, value: 1, met: true }];
    RESULTS.set(workload, {
      ...JSON.parse(machine.out),
      net: { all: counts, clients: counts, servers: counts },
      targets,
    });
  }
  return RESULTS.get(workload);
}

function crashesOf(output: string): unknown[] {
  const { exceptions } = JSON.parse(output);
  return exceptions.filter(({ type }: { type: string }) => type === "checker-crashed");
}

/** A history, and two ways to write it. */
export interface EqualCase {
  recipe: Recipe;
  one: Style;
  other: Style;
}

/** Property: a history has the same verdict in whatever way it is written. */
export const equalHistories: fc.IAsyncProperty<unknown> = fc.asyncProperty(
  fc.record<EqualCase>({ recipe: RECIPE, one: STYLE, other: STYLE }),
  async ({ recipe, one, other }) => {
    const operations = await cook(recipe, true);
    const [first, second] = await Promise.all([one, other].map((style) => verdictOf(operations, recipe, style)));
    assertEquals(first, second);
  },
) as fc.IAsyncProperty<unknown>;

/** Checks a history, and returns all that does not depend on how it is written. */
async function verdictOf(operations: readonly unknown[], { workload }: Recipe, style: Style): Promise<unknown> {
  const machine = await machineWith({ history: write(operations, style) }, style);
  const status = await main(["check", "history", "-w", workload, "--json"], machine);
  if (status >= EXIT_STATUS.usage) return machine.err.replace(/ at line \d+, column \d+/, "").replace(/JSON|EDN/, "");
  const { valid, passed, operations: counts, anomalies } = JSON.parse(machine.out);
  return { valid, passed, counts, anomalies: anomalies.map(({ type }: { type: string }) => type) };
}
