/** The part of `@std/async` that this project uses; npm's mirror of the standard library comes without types. */
export function delay(ms: number, options?: { signal?: AbortSignal; persistent?: boolean }): Promise<void>;
export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
