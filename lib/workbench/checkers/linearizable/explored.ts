/**
 * The memory of a search: the configurations that have been explored.
 *
 * If two configurations have the same state and the same completed operations, the one with fewer uncompleted
 * operations is at least as good: it can do all that the other can, since no uncompleted operation has to take effect.
 *
 * @module
 */

/** The configurations that have been explored. */
export interface Explored {
  /**
   * By state and completed operations, sets of uncompleted operations, as bits. No set contains another one of the same
   * key.
   */
  readonly sets: Map<string, Uint32Array[]>;
  /** Number of sets that were compared with others. Only grows. */
  comparisons: number;
}

/** Creates an empty memory. */
export function createExplored(): Explored {
  return { sets: new Map(), comparisons: 0 };
}

/**
 * Adds a configuration.
 *
 * @param key Its state and completed operations.
 * @param uncompleted Its uncompleted operations, as bits.
 * @returns False if it need not be explored, because it or a better one has been.
 */
export function addConfiguration(explored: Explored, key: string, uncompleted: Uint32Array): boolean {
  const sets = explored.sets.get(key);
  if (sets === undefined) {
    explored.sets.set(key, [uncompleted]);
    return true;
  }
  explored.comparisons += sets.length;
  if (sets.some((set) => isSubset(set, uncompleted))) return false;
  explored.sets.set(key, [...sets.filter((set) => !isSubset(uncompleted, set)), uncompleted]);
  return true;
}

function isSubset(part: Uint32Array, whole: Uint32Array): boolean {
  for (let word = 0; word < part.length; word++) {
    if ((part[word]! & ~whole[word]!) !== 0) return false;
  }
  return true;
}
