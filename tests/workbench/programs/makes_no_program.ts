/** A module whose `createProgram` forgets to return the program. */

export function createProgram(): void {}
