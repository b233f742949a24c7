/**
 * The machines of a cluster, as its etcd knows them. Each supervisor holds a key there with a lease: its place, which
 * names the nodes that run on its machine, and the address of its HTTP server. So the supervisors find each other, and
 * a test finds all of them.
 *
 * A place has the token of its supervisor: all who may read etcd can end the cluster.
 *
 * @module
 */

import type { Etcd } from "../../../cluster/etcd.ts";
import { type HeldKey, holdKey } from "../../../cluster/lease.ts";
import { FailedError, messageOf } from "../../base/errors.ts";
import { etcdOf } from "./access.ts";
import { createControl, UnreachableError } from "./control.ts";
import type { ClusterState, MachinePlace } from "./state.ts";

/** Length of the lease of a place, seconds. */
const TTL_SECONDS = 10;
/** Time that a machine waits for its place, ms: longer than the lease of a supervisor that was killed. */
const PATIENCE = 20_000;

/** Options for {@linkcode takePlace}. */
export interface TakePlaceOptions {
  etcd: Pick<Etcd, "create" | "grantLease" | "renewLease" | "revokeLease" | "list">;
  /** Name of the cluster. */
  cluster: string;
  place: MachinePlace;
  /** Receives lines of progress. */
  tell: (line: string) => void;
  /** Ends waiting. */
  signal: AbortSignal;
  /** Called with the reason when the place is lost to another machine. */
  onLost: (reason: string) => void;
}

/**
 * Takes a machine's place in its cluster, and holds it until it is released. If a supervisor that was killed has left
 * it, its lease has to end first.
 *
 * @throws {FailedError} A node of it runs on another machine.
 */
export async function takePlace(options: TakePlaceOptions): Promise<HeldKey> {
  const { etcd, cluster, place } = options;
  const held = await holdPlace(options);
  const others = await listPlaces(etcd, cluster, place);
  const isOurs = (node: string) => place.nodes.includes(node);
  const rival = others.find(({ nodes }) => nodes.some(isOurs));
  if (rival === undefined) return held;
  await held.release();
  throw new FailedError(runsAlready(rival.nodes.find(isOurs)!, rival));
}

async function holdPlace({ etcd, cluster, place, tell, signal, onLost }: TakePlaceOptions): Promise<HeldKey> {
  const first = place.nodes[0]!;
  const refusing = new AbortController();
  const waiting = async (value: string) => {
    const earlier = parsePlace(value);
    // At an address that is now this supervisor's own, no other one runs any more.
    const mayRun = earlier !== undefined && earlier.control !== place.control;
    if (mayRun && await answers(earlier)) refusing.abort(new FailedError(runsAlready(first, earlier)));
    else tell(`The lease of an earlier ${first} has to end first: that takes ${TTL_SECONDS} s at most`);
  };
  const timer = setTimeout(() => refusing.abort(new FailedError(runsAlready(first))), PATIENCE);
  try {
    return await holdKey({
      etcd,
      key: `${prefixOf(cluster)}${first}`,
      value: JSON.stringify(place),
      ttlSeconds: TTL_SECONDS,
      signal: AbortSignal.any([signal, refusing.signal]),
      onWait: (value) => void waiting(value),
      onLost: (value) => onLost(runsAlready(first, parsePlace(value))),
    });
  } finally {
    clearTimeout(timer);
  }
}

async function answers(place: MachinePlace): Promise<boolean> {
  try {
    await createControl(place).report();
    return true;
  } catch (error) {
    return !(error instanceof UnreachableError);
  }
}

function runsAlready(node: string, place?: MachinePlace): string {
  const where = place === undefined ? "on another machine" : `at ${place.control}`;
  return `${node} runs ${where} already: name the nodes of this machine with --here, or another cluster with --cluster`;
}

/**
 * Lists the places of a cluster.
 *
 * @param own Place that is left out.
 */
export async function listPlaces(
  etcd: Pick<Etcd, "list">,
  cluster: string,
  own?: Pick<MachinePlace, "token">,
): Promise<MachinePlace[]> {
  const entries = await etcd.list(prefixOf(cluster));
  const places = entries.map(({ value }) => parsePlace(value)).filter((place) => place !== undefined);
  return places.filter(({ token }) => token !== own?.token);
}

/**
 * Lists the machines of a cluster that runs here, with this one. If all nodes are here, etcd need not answer.
 *
 * @throws {FailedError} etcd does not answer.
 */
export async function listMachines(
  state: ClusterState,
): Promise<MachinePlace[]> {
  const { nodes, here, control, token, cluster } = state;
  const own = { control, token, nodes: here };
  if (here.length === nodes.length) return [own];
  try {
    return [own, ...await listPlaces(etcdOf(state), cluster, own)];
  } catch (error) {
    throw new FailedError(`Cannot find the other machines of the cluster: ${messageOf(error)}`);
  }
}

function prefixOf(cluster: string): string {
  return `${cluster}/machines/`;
}

/** Parses the value of a place; undefined if it is something else. */
function parsePlace(text: string): MachinePlace | undefined {
  try {
    const { control, token, nodes } = JSON.parse(text);
    const isPlace = [control, token, ...nodes].every((part) => typeof part === "string");
    return isPlace ? { control, token, nodes } : undefined;
  } catch {
    return undefined;
  }
}
