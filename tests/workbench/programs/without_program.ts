/** A module that exports, but no program. */

export const name = "echo";
export function helper(): void {}
