/** The part of `d3-array` that this project uses. */
export function quantileSorted(values: ArrayLike<number>, p: number): number | undefined;
/** Index of the first of some ascending values that is greater than `x`. */
export function bisectRight(values: ArrayLike<number | bigint>, x: number | bigint): number;
