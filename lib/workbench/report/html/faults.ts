/**
 * Periods of faults, read from the nemesis' operations in a history.
 *
 * @module
 */

import { formatExactJSON } from "../../base/json.ts";
import type { Operation } from "../../history/operation.ts";
import { ALL_FAULTS } from "../../run/nemesis/server_faults.ts";
import { microseconds } from "./operations.ts";
import type { FaultBand } from "./report_data.ts";
import { asText } from "../../base/text.ts";

const NAMES = Object.keys(ALL_FAULTS);

/** Matches outcomes of nodes that a fault did not hit, such as `not-running`. */
const NOT_HIT = /^(not|already)-/;

/**
 * Lists the periods of all faults, in the order of their beginnings. A fault that is active at the end lasts until
 * `end`.
 *
 * @param end End of the run, microseconds.
 */
export function faultBands(history: readonly Operation[], end: number): FaultBand[] {
  const done: FaultBand[] = [];
  const active = new Map<string, FaultBand>();
  /** Faults whose end has begun. Each operation of the nemesis has two entries: it begins, and it is done. */
  const ending = new Set<string>();
  for (const { process, f, time, value } of history) {
    if (process !== "nemesis") continue;
    const begun = NAMES.find((name) => ALL_FAULTS[name]!.begin.f === f);
    const ended = NAMES.find((name) => ALL_FAULTS[name]!.end.f === f);
    if (begun !== undefined) active.set(begun, withOutcome(active.get(begun) ?? newBand(begun, time, end), value));
    if (ended === undefined) continue;
    if (!ending.delete(ended)) {
      ending.add(ended);
    } else if (active.has(ended)) {
      done.push({ ...active.get(ended)!, end: microseconds(time) });
      active.delete(ended);
    }
  }
  return [...done, ...active.values()].sort((a, b) => a.start - b.start);
}

function newBand(name: string, time: number, end: number): FaultBand {
  return { name, start: microseconds(time), end, nodes: [], text: "" };
}

/** Adds to a band what an operation tells of its kind, its strength and its nodes. */
function withOutcome(band: FaultBand, value: unknown): FaultBand {
  if (value === null || value === undefined) return band;
  if (typeof value !== "object") return { ...band, text: asText(value) };
  const hit = nodesOf(value);
  return hit === undefined ? band : { ...band, nodes: hit, text: textOf(band.text, value, hit) };
}

/** Nodes in the outcome of a fault's beginning: of a partition, a disturbance, or a fault of nodes. */
function nodesOf(value: object): string[] | undefined {
  const fields = (object: unknown) => Object.entries(object instanceof Map ? Object.fromEntries(object) : object ?? {});
  if (Array.isArray(value)) {
    return fields(value[1]).filter(([, sources]) => (sources as unknown[]).length > 0).map(([node]) => node);
  }
  const { nodes } = value as { nodes?: string[] };
  if (Array.isArray(nodes)) return nodes;
  return fields(value).filter(([, outcome]) => !NOT_HIT.test(asText(outcome))).map(([node]) => node);
}

function textOf(kind: string, value: object, nodes: readonly string[]): string {
  if (Array.isArray(value)) return [kind, cutsOf(value[1])].filter((text) => text !== "").join(": ");
  const { nodes: _, ...strength } = value as Record<string, unknown>;
  const figures = Object.entries("nodes" in value ? strength : {})
    .map(([name, each]) => `${name} ${formatExactJSON(each)}`);
  return [kind, ...figures, nodes.join(" ")].filter((text) => text !== "").join(", ");
}

/** Says of a partition what each node does not receive. */
function cutsOf(sources: unknown): string {
  const entries = Object.entries((sources instanceof Map ? Object.fromEntries(sources) : sources ?? {}) as object);
  return entries.filter(([, from]) => from.length > 0).map(([node, from]) =>
    `${node} receives nothing from ${[...from].join(" ")}`
  ).join("; ");
}
