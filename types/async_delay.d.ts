/** The part of `@std/async/delay` that this project uses. */
export function delay(ms: number, options?: { signal?: AbortSignal; persistent?: boolean }): Promise<void>;
