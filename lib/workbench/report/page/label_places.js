/**
 * Places for labels, so that none covers another one.
 *
 * @module
 */

/**
 * A rectangle: from left to right, from top to bottom.
 *
 * @typedef {{ x0: number, x1: number, y0: number, y1: number }} Box
 */

/**
 * Creates a function that takes the first of some places that is free.
 *
 * @param {readonly Box[]} taken Places that are not free from the beginning.
 * @returns {(candidates: readonly Box[]) => number} Position of the place that was taken, or -1 if none is free.
 */
export function createPlaces(taken) {
  const boxes = [...taken];
  return (candidates) => {
    const at = candidates.findIndex((box) => !boxes.some((other) => overlap(box, other)));
    if (at !== -1) boxes.push(candidates[at]);
    return at;
  };
}

/**
 * @param {Box} a
 * @param {Box} b
 * @returns {boolean}
 */
function overlap(a, b) {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}
