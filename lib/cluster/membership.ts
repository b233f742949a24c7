/**
 * The nodes of a cluster on NATS: a list that stays, or one that etcd keeps, where nodes come and go.
 *
 * With {@linkcode etcdMembers}:
 *
 * 1. A node creates the key `CLUSTER/members/ID` with a lease. If a node with its name has it, it waits until that
 *    one's lease has ended, and gives up if it is renewed.
 * 2. It waits until there are as many members as were asked for. These names are in its `init`.
 * 3. From then on it reads the list once a second. For each name that is new or gone, the program gets the request
 *    `add_member` or `remove_member`, again and again until it agrees, or the name is back.
 * 4. A node that ends revokes its lease, so the others learn of it at their next look. That of a node that crashed
 *    ends by itself.
 *
 * A lease is no consensus. Two nodes may see a change at different times, and one that comes and goes within a second
 * not at all. A node that stands still, or does not reach etcd, is removed though it runs, and does not know it.
 * While etcd does not answer, the list stays as it is.
 *
 * @module
 */

import { delay as realDelay } from "@std/async/delay";
import { createEtcd, type Etcd } from "./etcd.ts";
import { checkEtcdAccess, type EtcdAccess, etcdAccess } from "./etcd_gateway.ts";
import type { Host } from "../host.ts";
import { holdKey } from "./lease.ts";
import { type Body, ERRORS } from "../protocol.ts";
import { ownVariable } from "./variables.ts";

/** Source of the names of a cluster's nodes. */
export interface Members {
  /**
   * Makes a node a member, and waits until the cluster can begin.
   *
   * @throws {Error} Another node has the name, or the members cannot be learned.
   * @throws The reason of the signal.
   */
  register(node: JoiningNode): Promise<Membership>;
}

/** Node that is to be a member. */
export interface JoiningNode {
  /** Name of the cluster. */
  cluster: string;
  /** The node's own name. */
  id: string;
  /** Name of this run of the node. */
  incarnation: string;
  /** Writes one entry to the node's log. */
  log: Host["log"];
  /** Ends waiting. */
  signal: AbortSignal;
}

/** A node's membership. */
export interface Membership {
  /** Names of all nodes when this one joined, with its own. */
  readonly nodes: readonly string[];
  /** Names of the present nodes, with its own. */
  present(): readonly string[];
  /**
   * Follows the changes of the members, until the signal.
   *
   * @param ask Sends a request to the program, and returns the body of its reply.
   * @throws {Error} Another node has taken the name.
   */
  follow(ask: (body: Body) => Promise<Body>, signal: AbortSignal): Promise<void>;
  /** Ends the membership. It does not throw. */
  leave(): Promise<void>;
}

/** Creates members that stay. */
export function fixedMembers(nodes: readonly string[]): { register(): Promise<Membership> } {
  const membership = { nodes, present: () => nodes, follow: () => Promise.resolve(), leave: () => Promise.resolve() };
  return { register: () => Promise.resolve(membership) };
}

/** Options for {@linkcode etcdMembers}. */
export interface EtcdMembersOptions extends EtcdAccess {
  /** Addresses of etcd's members, such as `http://127.0.0.1:2379`. */
  urls: string | readonly string[];
  /**
   * Number of nodes to wait for at the start, with the node itself. A node that starts again waits for as many, too: a
   * program that does not handle `add_member` needs all nodes in its `init`.
   */
  count: number;
  /**
   * Length of the leases, seconds: a node that crashed is removed after at most that time.
   *
   * @default 10
   */
  ttlSeconds?: number;
}

/**
 * Creates members that etcd keeps: nodes may come and go while the cluster runs. The head of the module says what is
 * promised.
 *
 * @throws {TypeError} The number of nodes or the length of the leases is not a whole number above 0.
 * @throws {Error} An address, the user or a file cannot be used.
 *
 * @example
 * ```ts ignore
 * import { etcdMembers, serveNats } from "@gossip-glomers/maelstrom/nats";
 *
 * const nodes = etcdMembers({ urls: "http://127.0.0.1:2379", count: 3 });
 * await serveNats(program, { servers: "nats://127.0.0.1:4222", cluster: "prod", id: "n0", nodes });
 * ```
 */
export function etcdMembers({ urls, count, ttlSeconds = 10, ...given }: EtcdMembersOptions): Members {
  for (const [name, value] of Object.entries({ count, ttlSeconds })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new TypeError(`Cannot use ${name} ${value}: expected a whole number above 0`);
  }
  const addresses = [urls].flat();
  const own = etcdAccess(ownVariable);
  const { user = own.user, tls = own.tls } = given;
  checkEtcdAccess({ user, tls });
  const etcd = createEtcd(addresses, { user, tls });
  return leasedMembers({ count, ttlSeconds, etcd, delay: realDelay, attempts: addresses.length });
}

/** Settings of {@linkcode leasedMembers}. */
export interface LeasedMembersSettings extends Required<Pick<EtcdMembersOptions, "count" | "ttlSeconds">> {
  etcd: Pick<Etcd, "create" | "grantLease" | "list" | "renewLease" | "revokeLease">;
  /** Waits, ms. */
  delay(ms: number, options: { signal: AbortSignal }): Promise<void>;
  /** Attempts to reach etcd at the start: each asks another address. */
  attempts: number;
}

/** Creates members that are kept by an etcd, and by a clock: {@linkcode etcdMembers}, and tests of it. */
export function leasedMembers(settings: LeasedMembersSettings): Members {
  return { register: (node) => register(settings, node) };
}

/** Time between two reads of the list, ms. */
const LOOK_INTERVAL = 1000;
/** Time between two reads of the list before the start, ms. */
const START_INTERVAL = 250;
/** Time to wait for a name that another node has, in lengths of a lease: etcd may end leases late. */
const PATIENCE = 2;

/** State of a membership. */
interface State extends LeasedMembersSettings, Pick<JoiningNode, "id" | "log"> {
  /** Beginning of the keys of all members. */
  readonly prefix: string;
  /** Names in etcd at the last look, with the node's own, sorted. */
  present: readonly string[];
  /** Names that the program knows as members: those of its `init`, and changes that it has agreed to. */
  readonly agreed: Set<string>;
  /** Names of changes that the program has not answered yet. */
  readonly asked: Set<string>;
  /** Types of requests that the program does not handle. */
  readonly unhandled: Set<string>;
  /** True after a look that failed. */
  isCutOff: boolean;
  /** Looks until a name that is missing counts as gone: after a failure, all nodes have to register again. */
  looksToTrust: number;
}

async function register(settings: LeasedMembersSettings, node: JoiningNode): Promise<Membership> {
  const { cluster, id, incarnation, log, signal } = node;
  const prefix = `${cluster}/members/`;
  const state: State = {
    ...settings,
    id,
    log,
    prefix,
    present: [],
    agreed: new Set(),
    asked: new Set(),
    unhandled: new Set(),
    isCutOff: false,
    looksToTrust: 0,
  };
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  const onLost = () => lost.reject(new Error(`${id} ends: another node has taken its name, as its lease had ended`));
  const held = await holdName(state, JSON.stringify({ incarnation }), signal, onLost);
  try {
    await untilThere(state, signal);
  } catch (error) {
    await held.release();
    throw error;
  }
  const nodes = state.present;
  for (const name of nodes) state.agreed.add(name);
  return {
    nodes,
    present: () => state.present,
    follow: (ask, signal) => follow(state, ask, lost.promise, signal),
    leave: () => held.release(),
  };
}

/** Creates the node's key. Each address of etcd is tried. */
async function holdName(state: State, value: string, signal: AbortSignal, onLost: () => void) {
  const { id, prefix, ttlSeconds, etcd, delay, log, attempts } = state;
  const refusal = new AbortController();
  const either = AbortSignal.any([signal, refusal.signal]);
  const onWait = (owner: string) => {
    log("warn", `Another node has the name ${id} (${owner}): waiting until its lease has ended`);
    const refuse = () => refusal.abort(new Error(`Cannot join as ${id}: another node has that name, and runs`));
    delay(PATIENCE * ttlSeconds * 1000, { signal: either }).then(refuse, () => {});
  };
  for (let attempt = 1;; attempt++) {
    try {
      return await holdKey({ etcd, key: `${prefix}${id}`, value, ttlSeconds, signal: either, delay, onWait, onLost });
    } catch (error) {
      if (either.aborted) throw error;
      if (attempt === attempts) throw new Error(`Cannot join as ${id}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Waits until there are as many members as the cluster needs. */
async function untilThere(state: State, signal: AbortSignal): Promise<void> {
  const { count, delay, log } = state;
  await look(state);
  if (state.present.length >= count) return;
  log("info", `Waiting until there are ${count} nodes; now there are ${state.present.join(", ")}`);
  while (state.present.length < count) {
    await delay(START_INTERVAL, { signal });
    await look(state);
  }
}

/** Reads the list. */
async function look(state: State): Promise<void> {
  const { etcd, id, prefix, ttlSeconds, log } = state;
  let names: string[];
  try {
    names = (await etcd.list(prefix)).map(({ key }) => key.slice(prefix.length));
  } catch (error) {
    if (!state.isCutOff) log("warn", `The list of nodes stays as it is: ${(error as Error).message}`);
    state.isCutOff = true;
    return;
  }
  if (state.isCutOff) {
    log("info", "etcd answers again");
    state.isCutOff = false;
    state.looksToTrust = Math.ceil(ttlSeconds * 1000 / LOOK_INTERVAL);
  }
  const kept = state.looksToTrust > 0 ? state.present : [id];
  if (state.looksToTrust > 0) state.looksToTrust--;
  const present = [...new Set([...names, ...kept])].sort();
  for (const name of state.present) if (!present.includes(name)) log("info", `${name} has left`);
  if (state.present.length > 0) {
    for (const name of present) if (!state.present.includes(name)) log("info", `${name} has joined`);
  }
  state.present = present;
}

/** Tells the program the changes. */
async function follow(
  state: State,
  ask: (body: Body) => Promise<Body>,
  lost: Promise<never>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    tellChanges(state, ask);
    await Promise.race([state.delay(LOOK_INTERVAL, { signal }).catch(() => {}), lost]);
    if (!signal.aborted) await look(state);
  }
}

function tellChanges(state: State, ask: (body: Body) => Promise<Body>): void {
  const { present, agreed } = state;
  for (const name of present) if (!agreed.has(name)) void tell(state, "add_member", name, ask);
  for (const name of agreed) if (!present.includes(name)) void tell(state, "remove_member", name, ask);
}

/** Tells the program one change, unless it was told already and has not answered. */
async function tell(
  { asked, agreed, unhandled, log }: State,
  type: "add_member" | "remove_member",
  name: string,
  ask: (body: Body) => Promise<Body>,
): Promise<void> {
  if (asked.has(name) || unhandled.has(type)) return;
  asked.add(name);
  const reply = await ask({ type, node_id: name });
  asked.delete(name);
  if (reply.type === `${type}_ok`) {
    if (type === "add_member") agreed.add(name);
    else agreed.delete(name);
  } else if (reply.code === ERRORS["not-supported"].code) {
    if (unhandled.has(type)) return;
    unhandled.add(type);
    log("warn", `The program does not handle ${type}: the nodes that it was started with stay its list`);
  } else log("debug", `The program refused ${type} of ${name}: ${reply.text}`);
}
