/**
 * Dependencies between transactions on lists. The longest list that was read of a key is the order of its versions; an
 * element that was never read was appended after all of them.
 *
 * Source: `elle.list-append`.
 *
 * @module
 */

import { link, RW, WR, WW } from "../graph/mod.ts";
import type { Identity } from "../identify.ts";
import {
  addPlace,
  createDependencyEdges,
  type Dependencies,
  linkReadersToWriters,
  type PlacesByVersion,
  placesOf,
  type Reason,
  type Version,
} from "./dependencies.ts";
import { isWrite, type Transaction, type Writers } from "./transactions.ts";

/**
 * Derives the dependencies. Those of failed transactions are left out.
 *
 * @param orders By key, the elements in the order of their appends.
 */
export function listDependencies(
  transactions: readonly Transaction[],
  writers: Writers,
  orders: ReadonlyMap<Identity, readonly Identity[]>,
): Dependencies {
  const possible = transactions.filter(({ type }) => type !== "fail");
  const previous = previousVersions(writers, orders);
  const collected = createDependencyEdges(transactions.length);
  const readers: PlacesByVersion = new Map();
  // By version, the transactions that appended to it.
  const appenders: PlacesByVersion = new Map();
  for (const { place, microOperations } of possible) {
    for (const { f, key, elements } of microOperations) {
      const version = f === "r" ? elements.at(-1) : previous(key, elements[0]!);
      addPlace(f === "r" ? readers : appenders, key, version, place);
      // The writer may have failed. No edge leads to it then, so it is in no cycle.
      const writer = version === undefined ? undefined : writers.get(key)?.get(version)?.transaction;
      if (writer === undefined || writer.place === place) continue;
      link(collected.edges, writer.place, place, f === "r" ? WR : WW);
    }
  }
  for (const [key, byVersion] of appenders) {
    for (const [version, places] of byVersion) {
      linkReadersToWriters(collected, placesOf(readers, key, version), places);
    }
  }
  return { edges: collected.edges, reason: (from, to, kind) => findReason(from, to, kind, previous) };
}

/** Finds the version that an element was appended to; for one that was never read, the longest version read. */
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

function findReason(
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
    const matches = kind === RW ? read(key, version) : version !== undefined && wrote(key, version);
    if (matches) return { key, version, next: f === "r" ? undefined : elements[0] };
  }
  return undefined;
}
