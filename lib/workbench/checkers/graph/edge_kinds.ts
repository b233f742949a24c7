/**
 * Kinds of edges in a serialization graph.
 *
 * Source: Adya, "Weak Consistency" (1999), chapter 3.
 *
 * @module
 */

/** A set of edge kinds, one bit for each. Where a parameter or field is called `kind`, it is exactly one. */
export type Kinds = number;

/** Write dependency: the target wrote the version after the one that the source wrote. */
export const WW: Kinds = 1;
/** Read dependency: the target read the version that the source wrote. */
export const WR: Kinds = 2;
/** Anti-dependency: the target wrote a version after the one that the source read. */
export const RW: Kinds = 4;
/** Process order: the same process ran the source before the target. */
export const PROCESS: Kinds = 8;
/** Real-time order: the source completed before the target was invoked. */
export const REALTIME: Kinds = 16;
/**
 * Edge out of an auxiliary vertex, which stands for no transaction. An edge into that vertex and the JOINT edge after
 * it count as one edge, of the kind of the former. So m sources and n targets need m + n edges, not m × n.
 */
export const JOINT: Kinds = 128;

/** All kinds. */
export const ANY_KIND: Kinds = 255;
