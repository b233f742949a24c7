/**
 * Dependencies between transactions over registers.
 *
 * Source: Elle's `elle.rw-register`.
 *
 * @module
 */

import { RW, WR, WW } from "../graph/cycles.ts";
import { entry } from "../entry.ts";
import type { Identity } from "../identify.ts";
import { externalReads, isWrite, type Transaction } from "./transactions.ts";
import { createLinker, type Dependencies, type Places, type Reason } from "./dependencies.ts";
import type { Version, VersionOrders } from "./rw_register_versions.ts";

/** By key and version, the acknowledged transactions that others can see to have read or written it. */
type Index = Map<Identity, Map<Version, Set<number>>>;

/** Infers who depends on whom. Only of acknowledged transactions is enough known. */
export function registerDependencies(
  transactions: readonly Transaction[],
  { steps }: Pick<VersionOrders, "steps">,
): Dependencies {
  const readers: Index = new Map();
  const writers: Index = new Map();
  for (const transaction of transactions.filter(({ type }) => type === "ok")) {
    for (const [key, [version]] of externalReads(transaction)) add(readers, key, version, transaction.place);
    for (const [key, version] of externalWrites(transaction)) add(writers, key, version, transaction.place);
  }
  const linker = createLinker(transactions.length);
  const linkAll = (froms: Places, tos: Places, kind: number) => {
    for (const from of froms) for (const to of tos) linker.link(from, to, kind);
  };
  for (const [key, byVersion] of readers) {
    for (const [version, places] of byVersion) linkAll(find(writers, key, version), places, WR);
  }
  for (const [key, ofKey] of steps) {
    for (const [from, tos] of Map.groupBy(ofKey, ({ from }) => from)) {
      const successors = new Set(tos.flatMap(({ to }) => [...find(writers, key, to)]));
      linkAll(find(writers, key, from), successors, WW);
      linker.linkReaders(find(readers, key, from), successors);
    }
  }
  return { edges: linker.edges, reason: (from, to, kind) => reasonOf(from, to, kind, steps) };
}

/** What a transaction wrote last to each key. */
function externalWrites({ microOperations }: Transaction): Map<Identity, Identity> {
  return new Map(microOperations.filter(isWrite).map(({ key, elements }) => [key, elements[0]!]));
}

function add(index: Index, key: Identity, version: Version, place: number): void {
  entry(entry(index, key, () => new Map()), version, () => new Set<number>()).add(place);
}

function find(index: Index, key: Identity, version: Version): Places {
  return index.get(key)?.get(version) ?? new Set();
}

function reasonOf(
  from: Transaction,
  to: Transaction,
  kind: number,
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
