/** The part of `@std/yaml` that the tests use. */
export function parseAll(content: string): unknown[];
