/**
 * Dependencies between transactions over lists. The longest list that was read of a key is the order of its versions;
 * what was appended, but never read, came after that.
 *
 * Source: Elle's `elle.list-append`.
 *
 * @module
 */

import { RW, WR, WW } from "../graph/cycles.ts";
import { entry } from "../entry.ts";
import type { Identity } from "../identify.ts";
import { isWrite, type Transaction, type Writers } from "./transactions.ts";
import { createLinker, type Dependencies, type Reason } from "./dependencies.ts";

/** A version of a list is named by its last element; that of the empty list by nothing. */
type Version = Identity | undefined;

/** By key and version, those who read it. */
type Readers = Map<Identity, Map<Version, Set<number>>>;

/**
 * Infers who depends on whom.
 *
 * @param orders By key, the elements in the order of their appends.
 */
export function listDependencies(
  transactions: readonly Transaction[],
  writers: Writers,
  orders: ReadonlyMap<Identity, readonly Identity[]>,
): Dependencies {
  const possible = transactions.filter(({ type }) => type !== "fail");
  const readers = readersOf(possible);
  const previous = previousVersions(writers, orders);
  // One that failed may be among them. Nothing leads to it, so that it is in no cycle.
  const writerOf = (key: Identity, version: Version): Transaction | undefined =>
    version === undefined ? undefined : writers.get(key)?.get(version)?.transaction;
  const linker = createLinker(transactions.length);
  const successors = new Map<Identity, Map<Version, Set<number>>>();
  for (const { place, microOperations } of possible) {
    for (const { f, key, elements } of microOperations) {
      const before = f === "r" ? elements.at(-1) : previous(key, elements[0]!);
      const writer = writerOf(key, before);
      if (writer !== undefined && writer.place !== place) linker.link(writer.place, place, f === "r" ? WR : WW);
      if (f !== "r") entry(entry(successors, key, () => new Map()), before, () => new Set<number>()).add(place);
    }
  }
  for (const [key, byVersion] of successors) {
    for (const [version, places] of byVersion) {
      linker.linkReaders(readers.get(key)?.get(version) ?? new Set(), places);
    }
  }
  return { edges: linker.edges, reason: (from, to, kind) => reasonOf(from, to, kind, previous) };
}

function readersOf(transactions: readonly Transaction[]): Readers {
  const readers: Readers = new Map();
  for (const { place, microOperations } of transactions) {
    for (const { f, key, elements } of microOperations) {
      if (f !== "r") continue;
      entry(entry(readers, key, () => new Map()), elements.at(-1), () => new Set<number>()).add(place);
    }
  }
  return readers;
}

/** Which version each element was appended to: for one that nobody read, that is the last one somebody read. */
function previousVersions(
  writers: Writers,
  orders: ReadonlyMap<Identity, readonly Identity[]>,
): (key: Identity, element: Identity) => Version {
  const previous = new Map<Identity, Map<Identity, Version>>();
  for (const key of writers.keys()) {
    const order = orders.get(key) ?? [];
    previous.set(key, new Map(order.map((element, index) => [element, order[index - 1]])));
  }
  return (key, element) => {
    const ofKey = previous.get(key)!;
    return ofKey.has(element) ? ofKey.get(element) : orders.get(key)?.at(-1);
  };
}

function reasonOf(
  from: Transaction,
  to: Transaction,
  kind: number,
  previous: (key: Identity, element: Identity) => Version,
): Reason | undefined {
  const wrote = (key: Identity, version: Version) =>
    from.microOperations.some((other) => isWrite(other) && other.key === key && other.elements[0] === version);
  const read = (key: Identity, version: Version) =>
    from.microOperations.some((other) => other.f === "r" && other.key === key && other.elements.at(-1) === version);
  for (const { f, key, elements } of to.microOperations) {
    if ((f === "r") !== (kind === WR)) continue;
    const version = f === "r" ? elements.at(-1) : previous(key, elements[0]!);
    if (kind === RW ? !read(key, version) : version === undefined || !wrote(key, version)) continue;
    return { key, version, next: f === "r" ? undefined : elements[0] };
  }
  return undefined;
}
