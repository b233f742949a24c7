/**
 * Dependency graphs, and the cycles in them that are anomalies. Vertices are integers; only the caller knows what they
 * stand for. Nothing here may import from `txn/` or `kafka/`.
 *
 * 1. Collect edges: {@linkcode link} for dependencies on data, {@linkcode linkProcesses} and
 *    {@linkcode linkRealtime} for the order of operations.
 * 2. Build the serialization graph: {@linkcode buildGraph}.
 * 3. Split it into strongly connected components, and in each find the cycles that are anomalies:
 *    {@linkcode findCycles}.
 * 4. Explain them: {@linkcode explainCycles}.
 *
 * Sources: Adya, "Weak Consistency" (1999): direct serialization graphs, G0 to G2. Kingsbury, Alvaro, "Elle: Inferring
 * Isolation Anomalies from Experimental Observations" (VLDB 2020): the search, and the suffixes `-process` and
 * `-realtime`. Tarjan, "Depth-First Search and Linear Graph Algorithms" (1972): strongly connected components.
 *
 * @module
 */

export { ACYCLIC_MODELS, type AcyclicModel, type Cycle, findCycles, findShortCycles } from "./cycles.ts";
export { JOINT, type Kinds, PROCESS, REALTIME, RW, WR, WW } from "./edge_kinds.ts";
export { type CycleWords, dropImplied, explainCycles, explainOrder } from "./explain_cycles.ts";
export { buildGraph, createEdges, type Edges, type Graph, link } from "./graph.ts";
export { linkProcesses, linkRealtime, type Span } from "./order_edges.ts";
