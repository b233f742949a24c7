/** The part of `@std/async/abortable` that this project uses. */
export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
