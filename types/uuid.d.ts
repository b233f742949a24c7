/** The part of `@std/uuid` that this project uses. */
export function validate(id: string): boolean;
export function version(id: string): number;
