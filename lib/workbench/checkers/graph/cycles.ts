/**
 * Cycles of dependencies: finds in a graph the cycles that make the anomalies of Adya and Elle, which differ only in the
 * kinds of their edges. It does not know what the vertices are.
 *
 * How it is made sure that a cycle is found if there is one: the anomalies are looked for from the worst on, and none
 * that is implied by one that was found. So a search for G1c, say, may take any path of ww and wr that goes through a
 * wr; and once there is no G-single and no G-nonadjacent, any cycle through a rw is a G2. Each search is then one for a
 * path that leads back to where an edge starts.
 *
 * Sources: Adya, "Weak Consistency" (1999); Kingsbury, Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
 * Observations" (2020); the anomalies and what they imply are those of Elle's `elle.txn`.
 *
 * @module
 */

import { impliedAnomalies, impossibleModels } from "../consistency_model.ts";
import {
  buildGraph,
  components,
  createEdges,
  cyclicParts,
  type Graph,
  JOINT,
  type Kinds,
  link,
  type Part,
  pathFinder,
  relabel,
} from "./graph.ts";
import { type Edge, findEdgesOnCycles } from "./edges_on_cycles.ts";

/** Write depends on write: the target wrote the version after the one that the source wrote. */
export const WW: Kinds = 1;
/** Read depends on write: the target read the version that the source wrote. */
export const WR: Kinds = 2;
/** Anti-dependency: the target wrote the version after the one that the source read. */
export const RW: Kinds = 4;
/** The source was done before the target by the same process. */
export const PROCESS: Kinds = 8;
/** The source was completed before the target was begun. */
export const REALTIME: Kinds = 16;

/** A cycle. */
export interface Cycle {
  /** The anomaly that it is. */
  type: string;
  /** The vertices along the cycle, the first one not repeated at the end. */
  vertices: number[];
  /** By vertex, the kind of the edge to the next one, and of the last one to the first. */
  kinds: Kinds[];
}

/** What a cycle must be like to be an anomaly. */
interface Pattern {
  type: string;
  /** One of its edges is of this kind. */
  through: Kinds;
  /** The others are of these kinds. */
  along: Kinds;
  /** Whether no two edges that follow one another may both be rw. */
  nonadjacent?: boolean;
}

const DATA: Pattern[] = [
  { type: "G0", through: WW, along: WW },
  { type: "G1c", through: WR, along: WW | WR },
  { type: "G-single-item", through: RW, along: WW | WR },
  { type: "G-nonadjacent-item", through: RW, along: WW | WR | RW, nonadjacent: true },
  { type: "G2-item", through: RW, along: WW | WR | RW },
];

/** All that is looked for; what implies another comes first. */
const PATTERNS: Pattern[] = DATA.flatMap((pattern) => [
  pattern,
  { ...pattern, type: `${pattern.type}-process`, along: pattern.along | PROCESS },
  { ...pattern, type: `${pattern.type}-realtime`, along: pattern.along | REALTIME },
]);

/** A model that allows no cycle at all of some kinds. */
export interface AcyclicModel {
  model: string;
  /** Of these kinds, … */
  along: Kinds;
  /** … and of rw edges that do not follow one another. */
  nonadjacent?: boolean;
}

/**
 * The models that can be violated by a cycle which has another name, because a pair in it counts as something else;
 * weaker ones first. The cycles that violate any other model have a name for it.
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

/** How many edges a search may look at for a cycle that is shorter than the one it has. */
const EFFORT = 2_000_000;

/** How many edges that are known to lead back are enough to start from. */
const STARTS = 500;

/** How many edges it may take to start from where none of them has led back yet. */
const TRIES = 64;

/**
 * Finds the anomalies that are cycles: in each strongly connected component one of each type, the shortest that can be
 * found within reason, and none of a type that is implied by another.
 *
 * Two vertices may be linked by edges of several kinds. To tell what a cycle is, each pair counts as what is first in
 * `precedence`, then rw, process, realtime. A cycle that could be closed otherwise, and would then rule out a model
 * that nothing else in its component does, is reported as that model's `-cycle-exists`.
 *
 * @param precedence Of ww and wr, what a pair counts as that is both.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findCycles, RW, WR } from "./cycles.ts";
 * import { buildGraph, link, createEdges } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, WR);
 * link(edges, 1, 2, RW);
 * link(edges, 2, 0, WR);
 * assertEquals(findCycles(buildGraph(3, edges)).map(({ type }) => type), ["G-single-item"]);
 * ```
 */
export function findCycles(graph: Graph, precedence: readonly Kinds[] = [WW, WR]): Cycle[] {
  return cyclicParts(graph).flatMap((part) => {
    const cycles = findTypes(part, [...precedence, RW, PROCESS, REALTIME]);
    return [...cycles, ...findExisting(part, cycles.map(({ type }) => type))];
  });
}

/** Some cycle in each strongly connected component, whatever its edges: a short one. */
export function someCycles(graph: Graph): Omit<Cycle, "type">[] {
  return cyclicParts(graph).map((part) => {
    const pattern = { type: "", through: 255, along: 255 };
    return onWhole(part, findThrough(part.graph, pattern)!);
  });
}

function findTypes(part: Part, precedence: readonly Kinds[]): Cycle[] {
  const graph = project(part.graph, 255, precedence);
  const present = graph.kinds.reduce((kinds, kind) => kinds | kind, 0);
  const implied = new Set<string>();
  const cycles: Cycle[] = [];
  for (const pattern of PATTERNS) {
    if (implied.has(pattern.type) || (present & pattern.through) === 0) continue;
    // A variant is found by the edges that it adds.
    if ((pattern.along & ~present & (PROCESS | REALTIME)) !== 0) continue;
    const walk = find(graph, pattern);
    if (walk === undefined) continue;
    const type = typeOf(walk.kinds);
    if (implied.has(type)) continue;
    cycles.push({ type, ...onWhole(part, walk) });
    for (const anomaly of impliedAnomalies([type])) implied.add(anomaly);
  }
  return cycles;
}

function findExisting(part: Part, types: readonly string[]): Cycle[] {
  const cycles: Cycle[] = [];
  let impossible = impossibleModels(types);
  for (const { model, along, nonadjacent } of ACYCLIC_MODELS) {
    if (impossible.has(model)) continue;
    const kinds = nonadjacent ? along | RW : along;
    const graph = project(part.graph, kinds, [WW, WR, PROCESS, REALTIME, RW]);
    const walk = nonadjacent
      ? findAlternating(graph, { type: "", through: kinds, along: kinds })
      : findThrough(graph, { type: "", through: kinds, along: kinds });
    if (walk === undefined) continue;
    const type = `${model}-cycle-exists`;
    cycles.push({ type, ...onWhole(part, walk) });
    impossible = impossible.union(impossibleModels([type]));
  }
  return cycles;
}

/** A graph in which each edge has one kind of those wanted, the first in precedence. */
function project(graph: Graph, wanted: Kinds, precedence: readonly Kinds[]): Graph {
  const byKinds = Array.from({ length: 256 }, (_, kinds) => {
    if (kinds === JOINT) return JOINT;
    return precedence.find((kind) => (kinds & wanted & kind) !== 0) ?? 0;
  });
  return relabel(graph, (kinds) => byKinds[kinds]!);
}

/** A closed walk: a cycle, if it does not pass a vertex twice. */
type Walk = Omit<Cycle, "type">;

function find(graph: Graph, pattern: Pattern): Walk | undefined {
  if (pattern.nonadjacent) return findAlternating(graph, pattern, pattern.type);
  if (pattern.through === RW && (pattern.along & RW) === 0) return findSingle(graph, pattern);
  return findThrough(graph, pattern);
}

/** Where both ends of an edge are in one component, a path leads back. */
function findThrough(graph: Graph, { through, along }: Pattern): Walk | undefined {
  const { of } = components(graph, through | along | JOINT);
  return shortest(graph, edgesOf(graph, through, (from, to) => of[from] === of[to]), along);
}

function findSingle(graph: Graph, { through, along }: Pattern): Walk | undefined {
  const alternating = alternate(graph, along | RW);
  const { of } = components(alternating);
  const starts = edgesOf(graph, through, (from, to) => of[2 * from] === of[2 * to + 1]);
  return shortest(graph, findEdgesOnCycles(graph, starts, along | JOINT, STARTS), along);
}

/**
 * Finds a closed walk without adjacent rw edges: in a graph where each vertex is two, of which one is come to by rw, and
 * not left by another.
 *
 * @param type What the walk must be; it is then a cycle, and passes no vertex twice. Without a type, any will do.
 */
function findAlternating(graph: Graph, { through, along }: Pattern, type?: string): Walk | undefined {
  const alternating = alternate(graph, along);
  const { of } = components(alternating);
  const starts = edgesOf(alternating, through, (from, to) => of[from] === of[to]);
  const accept = ({ vertices, kinds }: Walk) => {
    const walk = { vertices: vertices.map((vertex) => vertex >> 1), kinds };
    return type === undefined ? walk : simplify(walk, type);
  };
  return shortest(alternating, starts, along, accept);
}

function alternate(graph: Graph, along: Kinds): Graph {
  const edges = createEdges();
  for (let vertex = 0; vertex < graph.size; vertex++) {
    for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
      const [target, kind] = [graph.targets[edge]!, graph.kinds[edge]!];
      if ((kind & (along | JOINT)) === 0) continue;
      link(edges, 2 * vertex, 2 * target + (kind === RW ? 1 : 0), kind);
      if (kind !== RW) link(edges, 2 * vertex + 1, 2 * target + (kind === JOINT ? 1 : 0), kind);
    }
  }
  return buildGraph(2 * graph.size, edges);
}

function edgesOf(graph: Graph, through: Kinds, test: (from: number, to: number) => boolean): Edge[] {
  const edges: Edge[] = [];
  for (let from = 0; from < graph.size; from++) {
    for (let edge = graph.starts[from]!; edge < graph.starts[from + 1]!; edge++) {
      const [to, kind] = [graph.targets[edge]!, graph.kinds[edge]!];
      if ((kind & through) !== 0 && test(from, to)) edges.push({ from, to, kind });
    }
  }
  return edges;
}

/** The shortest walk that begins with one of some edges; not always, where there are very many. */
function shortest(
  graph: Graph,
  starts: readonly Edge[],
  along: Kinds,
  accept: (walk: Walk) => Walk | undefined = (walk) => walk,
): Walk | undefined {
  const finder = pathFinder(graph);
  let best: Walk | undefined;
  for (const [tried, { from, to, kind }] of starts.entries()) {
    if (best?.vertices.length === 2 || (finder.effort > EFFORT && (best !== undefined || tried > TRIES))) break;
    // The path has as many edges as the walk has vertices, but one.
    const path = finder.find(to, from, along | JOINT, (best?.vertices.length ?? Infinity) - 2);
    if (path === undefined) continue;
    best = accept({ vertices: [from, ...path.vertices.slice(0, -1)], kinds: [kind, ...path.kinds] }) ?? best;
  }
  return best;
}

/** Cuts loops off a walk until it passes no vertex twice, and is still of its type. */
function simplify(walk: Walk, type: string): Walk | undefined {
  let rest: Walk | undefined = walk;
  while (rest !== undefined && typeOf(rest.kinds) === type) {
    const loop = findLoop(rest.vertices);
    if (loop === undefined) return rest;
    rest = [inside(rest, loop), outside(rest, loop)].find(({ kinds }) => typeOf(kinds) === type);
  }
  return undefined;
}

/** From where to where a walk goes before it comes back to a vertex for the first time. */
function findLoop(vertices: readonly number[]): [start: number, end: number] | undefined {
  const places = new Map<number, number>();
  for (const [place, vertex] of vertices.entries()) {
    const before = places.get(vertex);
    if (before !== undefined) return [before, place];
    places.set(vertex, place);
  }
  return undefined;
}

function inside({ vertices, kinds }: Walk, [start, end]: [number, number]): Walk {
  return { vertices: vertices.slice(start, end), kinds: kinds.slice(start, end) };
}

function outside({ vertices, kinds }: Walk, [start, end]: [number, number]): Walk {
  return { vertices: vertices.toSpliced(start, end - start), kinds: kinds.toSpliced(start, end - start) };
}

/** The anomaly that a cycle of edges of these kinds is. */
function typeOf(kinds: readonly Kinds[]): string {
  const real = kinds.filter((kind) => kind !== JOINT);
  const antiDependencies = real.filter((kind) => kind === RW).length;
  const adjacent = real.some((kind, index) => kind === RW && real.at(index - 1) === RW);
  const order = real.includes(REALTIME) ? "-realtime" : real.includes(PROCESS) ? "-process" : "";
  if (antiDependencies === 0) return (real.includes(WR) ? "G1c" : "G0") + order;
  if (antiDependencies === 1) return `G-single-item${order}`;
  return (adjacent ? "G2-item" : "G-nonadjacent-item") + order;
}

/** A walk of a part as one of the whole, without the vertices that stand for no one. */
function onWhole({ vertices: whole }: Part, { vertices, kinds }: Walk): Walk {
  const isReal = (index: number) => kinds.at(index) !== JOINT;
  return {
    vertices: vertices.filter((_, index) => isReal(index)).map((vertex) => whole[vertex]!),
    kinds: kinds.filter((_, index) => isReal(index)),
  };
}
