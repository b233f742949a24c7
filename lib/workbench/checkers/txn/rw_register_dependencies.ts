/**
 * Dependencies between transactions on registers.
 *
 * Source: `elle.rw-register`.
 *
 * @module
 */

import { type Edges, type Kinds, link, RW, WR, WW } from "../graph/mod.ts";
import {
  addPlace,
  createDependencyEdges,
  type Dependencies,
  linkReadersToWriters,
  type Places,
  type PlacesByVersion,
  placesOf,
  type Reason,
} from "./dependencies.ts";
import type { VersionOrders } from "./rw_register_versions.ts";
import { externalReads, externalWrites, type Transaction } from "./transactions.ts";

/** Derives the dependencies between acknowledged transactions; too little is known about the others. */
export function registerDependencies(
  transactions: readonly Transaction[],
  { steps }: Pick<VersionOrders, "steps">,
): Dependencies {
  const readers: PlacesByVersion = new Map();
  const writers: PlacesByVersion = new Map();
  for (const transaction of transactions.filter(({ type }) => type === "ok")) {
    for (const [key, [version]] of externalReads(transaction)) addPlace(readers, key, version, transaction.place);
    for (const [key, version] of externalWrites(transaction)) addPlace(writers, key, version, transaction.place);
  }
  const collected = createDependencyEdges(transactions.length);
  for (const [key, byVersion] of readers) {
    for (const [version, places] of byVersion) linkAll(collected.edges, placesOf(writers, key, version), places, WR);
  }
  for (const [key, ofKey] of steps) {
    for (const [from, following] of Map.groupBy(ofKey, ({ from }) => from)) {
      const successors = new Set(following.flatMap(({ to }) => [...placesOf(writers, key, to)]));
      linkAll(collected.edges, placesOf(writers, key, from), successors, WW);
      linkReadersToWriters(collected, placesOf(readers, key, from), successors);
    }
  }
  return { edges: collected.edges, reason: (from, to, kind) => findReason(from, to, kind, steps) };
}

function linkAll(edges: Edges, froms: Places, tos: Places, kind: Kinds): void {
  for (const from of froms) {
    for (const to of tos) link(edges, from, to, kind);
  }
}

function findReason(
  from: Transaction,
  to: Transaction,
  kind: Kinds,
  steps: VersionOrders["steps"],
): Reason | undefined {
  const [reads, writes] = [externalReads(from), externalWrites(from)];
  if (kind === WR) {
    for (const [key, [version]] of externalReads(to)) {
      if (version !== undefined && writes.get(key) === version) return { key, version };
    }
    return undefined;
  }
  for (const [key, next] of externalWrites(to)) {
    if (kind === RW ? !reads.has(key) : !writes.has(key)) continue;
    const version = kind === RW ? reads.get(key)![0] : writes.get(key);
    if (steps.get(key)!.some((step) => step.from === version && step.to === next)) return { key, version, next };
  }
  return undefined;
}
