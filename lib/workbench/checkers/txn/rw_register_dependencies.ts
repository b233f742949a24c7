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
  type Version,
} from "./dependencies.ts";
import type { Identity } from "../identify.ts";
import type { VersionOrders } from "./rw_register_versions.ts";
import { externalReads, externalWrites, isWrite, type Transaction } from "./transactions.ts";

/** Derives the dependencies between acknowledged transactions; too little is known about the others. */
export function registerDependencies(
  transactions: readonly Transaction[],
  { steps, writes }: Pick<VersionOrders, "steps" | "writes">,
): Dependencies {
  const readers: PlacesByVersion = new Map();
  const writers: PlacesByVersion = new Map();
  const writersOfAll: PlacesByVersion = new Map();
  for (const transaction of transactions.filter(({ type }) => type === "ok")) {
    const { place, microOperations } = transaction;
    for (const [key, [version]] of externalReads(transaction)) addPlace(readers, key, version, place);
    for (const [key, version] of externalWrites(transaction)) addPlace(writers, key, version, place);
    for (const { key, elements } of microOperations.filter(isWrite)) addPlace(writersOfAll, key, elements[0], place);
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
  for (const [key, ofKey] of writes) {
    for (const { from, to } of ofKey) {
      linkAll(collected.edges, placesOf(writersOfAll, key, from), placesOf(writersOfAll, key, to), WW);
    }
  }
  return { edges: collected.edges, reason: (from, to, kind) => findReason(from, to, kind, { steps, writes }) };
}

function linkAll(edges: Edges, froms: Places, tos: Places, kind: Kinds): void {
  for (const from of froms) {
    for (const to of tos) link(edges, from, to, kind);
  }
}

/** Finds out why one transaction depends on another: see {@linkcode Dependencies.reason}. */
export function findReason(
  from: Transaction,
  to: Transaction,
  kind: Kinds,
  { steps, writes }: Pick<VersionOrders, "steps" | "writes">,
): Reason | undefined {
  const reads = externalReads(kind === WR ? to : from);
  const written = externalWrites(kind === WR ? from : to);
  if (kind === WR) {
    for (const [key, [version]] of reads) {
      if (version !== undefined && written.get(key) === version) return { key, version };
    }
    return undefined;
  }
  const before = kind === RW ? firstElements(reads) : externalWrites(from);
  for (const [key, next] of written) {
    if (!before.has(key)) continue;
    const version = before.get(key);
    if (steps.get(key)!.some((step) => step.from === version && step.to === next)) return { key, version, next };
  }
  return kind === WW ? findWriteReason(from, to, writes) : undefined;
}

function findWriteReason(from: Transaction, to: Transaction, writes: VersionOrders["writes"]): Reason | undefined {
  const wrote = ({ microOperations }: Transaction, key: Identity, version: Version) =>
    microOperations.some((each) => isWrite(each) && each.key === key && each.elements[0] === version);
  for (const { key, elements: [next] } of to.microOperations.filter(isWrite)) {
    const step = writes.get(key)?.find((step) => step.to === next && wrote(from, key, step.from));
    if (step !== undefined) return { key, version: step.from, next };
  }
  return undefined;
}

function firstElements(reads: ReadonlyMap<Identity, Identity[]>): Map<Identity, Version> {
  return new Map([...reads].map(([key, [version]]) => [key, version]));
}
