/** Module with exports, but without a program. */

export const name = "echo";
export function helper(): void {}
