/**
 * The search for cycles that are anomalies. Anomalies differ only in the kinds of a cycle's edges.
 *
 * In each strongly connected component:
 *
 * 1. Look for each named anomaly, the most severe first. Skip those that an anomaly already found implies.
 * 2. Look for cycles that a consistency model forbids, although they are none of the named anomalies that it
 *    proscribes.
 *
 * Why the search misses nothing, within its limits: every search looks for one edge and a path from its target back to
 * its source. The order of step 1 makes that enough. For example, once there is no G-single and no G-nonadjacent, every
 * cycle through an rw edge is a G2, so any path back will do.
 *
 * @module
 */

import { impliedAnomalies, impossibleModels } from "../consistency_model.ts";
import { cyclicComponents, findComponents, type Subgraph } from "./components.ts";
import { ANY_KIND, JOINT, type Kinds, PROCESS, REALTIME, RW, WR, WW } from "./edge_kinds.ts";
import { type Edge, findEdgesOnCycles } from "./edges_on_cycles.ts";
import { createOrderedGraph, type Graph, relabel } from "./graph.ts";
import { createPathFinder, findPath } from "./path_finder.ts";
import { anomalyOf, toCycle, type Walk, withoutJoints } from "./walk.ts";

/** A cycle that is an anomaly. */
export interface Cycle extends Walk {
  /** The anomaly: `"G1c"`, `"G-single-item-realtime"` … */
  type: string;
}

/** The edges of a class of cycles. */
interface Pattern {
  /** One edge is of one of these kinds. */
  through: Kinds;
  /** All others are of these kinds. */
  along: Kinds;
  /** True if no two consecutive edges may both be rw. */
  nonadjacent?: boolean;
}

/** A named anomaly. */
interface AnomalyPattern extends Pattern {
  type: string;
}

const DATA_PATTERNS: AnomalyPattern[] = [
  { type: "G0", through: WW, along: WW },
  { type: "G1c", through: WR, along: WW | WR },
  { type: "G-single-item", through: RW, along: WW | WR },
  { type: "G-nonadjacent-item", through: RW, along: WW | WR | RW, nonadjacent: true },
  { type: "G2-item", through: RW, along: WW | WR | RW },
];

/** All named anomalies. One that implies another comes before it. */
const PATTERNS: AnomalyPattern[] = DATA_PATTERNS.flatMap((pattern) => [
  pattern,
  { ...pattern, type: `${pattern.type}-process`, along: pattern.along | PROCESS },
  { ...pattern, type: `${pattern.type}-realtime`, along: pattern.along | REALTIME },
]);

/** A consistency model that forbids all cycles of certain edges. */
export interface AcyclicModel {
  /** Canonical name of the model. */
  model: string;
  /** The kinds of edges. */
  along: Kinds;
  /** True if the cycle may have rw edges as well, but no two consecutive ones. */
  nonadjacent?: boolean;
}

/**
 * The models that a cycle can violate without being one of their named anomalies, because two of its vertices are
 * linked in more than one way. Weaker models come first. A cycle that violates any other model is one of the named
 * anomalies of that model.
 */
export const ACYCLIC_MODELS: readonly AcyclicModel[] = [
  { model: "PL-1", along: WW },
  { model: "strong-session-PL-1", along: WW | PROCESS },
  { model: "strong-session-PL-2", along: WW | WR | PROCESS },
  { model: "strong-session-snapshot-isolation", along: WW | WR | PROCESS, nonadjacent: true },
  { model: "strong-PL-1", along: WW | REALTIME },
  { model: "strong-PL-2", along: WW | WR | REALTIME },
  { model: "strong-snapshot-isolation", along: WW | WR | REALTIME, nonadjacent: true },
];

/** Number of edges that a search looks at before it settles for the shortest cycle it has. */
const EFFORT = 2_000_000;

/** Maximum number of edges from which to search for the shortest cycle, if all are known to be on one. */
const STARTS = 500;

/** Number of edges that a search tries before it may give up without a cycle. */
const TRIES = 64;

/**
 * Finds the anomalies that are cycles: in each strongly connected component one of each type, as short as can be found
 * within limits, and none that another one implies.
 *
 * An edge of several kinds counts as one of them: ww or wr in the order of `precedence`, else rw, process, realtime. A
 * cycle that violates a model only by another choice of kinds is reported as that model's `-cycle-exists`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findCycles } from "./cycles.ts";
 * import { RW, WR } from "./edge_kinds.ts";
 * import { buildGraph, createEdges, link } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, WR);
 * link(edges, 1, 2, RW);
 * link(edges, 2, 0, WR);
 * assertEquals(findCycles(buildGraph(3, edges)).map(({ type }) => type), ["G-single-item"]);
 * ```
 */
export function findCycles(graph: Graph, precedence: readonly Kinds[] = [WW, WR]): Cycle[] {
  return cyclicComponents(graph).flatMap((component) => {
    const named = findNamedAnomalies(component, [...precedence, RW, PROCESS, REALTIME]);
    const unnamed = findForbiddenCycles(component, named.map(({ type }) => type));
    return [...named, ...unnamed];
  });
}

/** Finds a short cycle in each strongly connected component, of any edges. */
export function findShortCycles(graph: Graph): Walk[] {
  return cyclicComponents(graph).map((component) => {
    const walk = findThrough(component.graph, { through: ANY_KIND, along: ANY_KIND });
    return inWholeGraph(component, walk!);
  });
}

function findNamedAnomalies(component: Subgraph, precedence: readonly Kinds[]): Cycle[] {
  const graph = withSingleKinds(component.graph, ANY_KIND, precedence);
  const present = graph.kinds.reduce((kinds, kind) => kinds | kind, 0);
  const implied = new Set<string>();
  const cycles: Cycle[] = [];
  for (const pattern of PATTERNS) {
    if (implied.has(pattern.type) || (present & pattern.through) === 0) continue;
    // A variant with process or real-time edges needs such edges: without them it equals the plain pattern.
    if ((pattern.along & ~present & (PROCESS | REALTIME)) !== 0) continue;
    const walk = findPattern(graph, pattern);
    if (walk === undefined) continue;
    // Usually the type of the pattern, but the edges of the walk decide.
    const type = anomalyOf(walk.kinds);
    if (implied.has(type)) continue;
    cycles.push({ type, ...inWholeGraph(component, walk) });
    for (const anomaly of impliedAnomalies([type])) implied.add(anomaly);
  }
  return cycles;
}

/**
 * Finds cycles that violate a model which no named anomaly of the component rules out.
 *
 * @param found The types of its named anomalies.
 */
function findForbiddenCycles(component: Subgraph, found: readonly string[]): Cycle[] {
  const cycles: Cycle[] = [];
  let impossible = impossibleModels(found);
  for (const { model, along, nonadjacent } of ACYCLIC_MODELS) {
    if (impossible.has(model)) continue;
    const kinds = nonadjacent ? along | RW : along;
    const graph = withSingleKinds(component.graph, kinds, [WW, WR, PROCESS, REALTIME, RW]);
    const pattern = { through: kinds, along: kinds };
    const walk = nonadjacent ? findNonadjacent(graph, pattern) : findThrough(graph, pattern);
    if (walk === undefined) continue;
    const type = `${model}-cycle-exists`;
    cycles.push({ type, ...inWholeGraph(component, walk) });
    impossible = impossible.union(impossibleModels([type]));
  }
  return cycles;
}

/** Copies a graph so that each edge has only one of the wanted kinds: the first in precedence. */
function withSingleKinds(graph: Graph, wanted: Kinds, precedence: readonly Kinds[]): Graph {
  const chosen = Array.from({ length: ANY_KIND + 1 }, (_, kinds) => {
    if (kinds === JOINT) return JOINT;
    return precedence.find((kind) => (kinds & wanted & kind) !== 0) ?? 0;
  });
  return relabel(graph, (kinds) => chosen[kinds]!);
}

function findPattern(graph: Graph, pattern: AnomalyPattern): Walk | undefined {
  if (pattern.nonadjacent) return findNonadjacent(graph, pattern, pattern.type);
  if (pattern.through === RW && (pattern.along & RW) === 0) return findWithOneRW(graph, pattern);
  return findThrough(graph, pattern);
}

/** Finds a cycle through an edge with both ends in one component: then some path leads back. */
function findThrough(graph: Graph, { through, along }: Pattern): Walk | undefined {
  const { componentOf } = findComponents(graph, through | along | JOINT);
  const starts = edgesOf(graph, through, (from, to) => componentOf[from] === componentOf[to]);
  return findShortest(graph, starts, along);
}

/** Finds a cycle with exactly one rw edge. Only edges that are on a nonadjacent cycle can be on one. */
function findWithOneRW(graph: Graph, { through, along }: Pattern): Walk | undefined {
  const { componentOf } = findComponents(withoutAdjacentRW(graph, along | RW));
  const starts = edgesOf(graph, through, (from, to) => componentOf[2 * from] === componentOf[2 * to + 1]);
  return findShortest(graph, findEdgesOnCycles(graph, [...starts], along | JOINT, STARTS), along);
}

/**
 * Finds a closed walk without consecutive rw edges.
 *
 * @param anomaly The anomaly that the walk must be; then it is a cycle. Without it, any such walk is accepted, and it
 *   may visit a vertex twice.
 */
function findNonadjacent(graph: Graph, { through, along }: Pattern, anomaly?: string): Walk | undefined {
  const doubled = withoutAdjacentRW(graph, along);
  const { componentOf } = findComponents(doubled);
  const starts = edgesOf(doubled, through, (from, to) => componentOf[from] === componentOf[to]);
  return findShortest(doubled, starts, along, ({ vertices, kinds }) => {
    const walk = { vertices: vertices.map((vertex) => vertex >> 1), kinds };
    return anomaly === undefined ? walk : toCycle(walk, anomaly);
  });
}

/**
 * Builds a graph whose paths are those without consecutive rw edges. Each vertex v becomes two: rw edges lead to
 * 2v + 1, which no rw edge leaves; all others lead to 2v. A JOINT edge continues the edge before it, so it leads to
 * 2v + 1 after an rw edge.
 */
function withoutAdjacentRW({ size, starts, targets, kinds }: Graph, along: Kinds): Graph {
  const doubled = createOrderedGraph(2 * size, 2 * targets.length);
  for (let vertex = 0; vertex < 2 * size; vertex++) {
    const isAfterRW = vertex % 2 === 1;
    for (let edge = starts[vertex >> 1]!; edge < starts[(vertex >> 1) + 1]!; edge++) {
      const kind = kinds[edge]!;
      if ((kind & (along | JOINT)) === 0 || (isAfterRW && kind === RW)) continue;
      doubled.add(2 * targets[edge]! + (kind === RW || (isAfterRW && kind === JOINT) ? 1 : 0), kind);
    }
    doubled.endSource();
  }
  return doubled.finish();
}

function* edgesOf(graph: Graph, wanted: Kinds, test: (from: number, to: number) => boolean): Iterable<Edge> {
  for (let from = 0; from < graph.size; from++) {
    for (let edge = graph.starts[from]!; edge < graph.starts[from + 1]!; edge++) {
      const [to, kind] = [graph.targets[edge]!, graph.kinds[edge]!];
      if ((kind & wanted) !== 0 && test(from, to)) yield { from, to, kind };
    }
  }
}

/**
 * Finds the shortest closed walk that begins with one of some edges. If there are very many, the shortest of those
 * that the limits allow.
 *
 * @param accept Changes a walk, or rejects it by returning undefined.
 */
function findShortest(
  graph: Graph,
  starts: Iterable<Edge>,
  along: Kinds,
  accept: (walk: Walk) => Walk | undefined = (walk) => walk,
): Walk | undefined {
  const finder = createPathFinder(graph);
  let best: Walk | undefined;
  let tried = 0;
  for (const { from, to, kind } of starts) {
    if (best?.vertices.length === 2) break;
    if (finder.effort > EFFORT && (best !== undefined || tried > TRIES)) break;
    tried++;
    // A walk of n vertices is the edge and a path of n - 1 edges. One shorter than the best has at most n - 2.
    const limit = (best?.vertices.length ?? Infinity) - 2;
    const path = findPath(finder, to, from, along | JOINT, limit);
    if (path === undefined) continue;
    best = accept({ vertices: [from, ...path.vertices.slice(0, -1)], kinds: [kind, ...path.kinds] }) ?? best;
  }
  return best;
}

/** Translates a walk through a component to the whole graph. */
function inWholeGraph({ vertices: whole }: Subgraph, walk: Walk): Walk {
  const { vertices, kinds } = withoutJoints(walk);
  return { vertices: vertices.map((vertex) => whole[vertex]!), kinds };
}
