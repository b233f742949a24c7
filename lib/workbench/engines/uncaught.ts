/**
 * Uncaught errors of this process: thrown by a callback of a timer or a stream, or a rejection that is not handled. By
 * default they end the process at once with exit status 1, which means that a test is invalid.
 *
 * @module
 */

/** Receives an uncaught error. */
type Handler = (error: unknown) => void;

/** Those who watch; the last one is in charge. While there is one, uncaught errors do not end the process. */
const watchers: { readonly handle: Handler }[] = [];

/**
 * Hands uncaught errors to a function.
 *
 * @param handle It gets all of them until the returned function is called, or another one takes its place for a time.
 *   A second call of that function has no effect.
 */
export function watchUncaught(handle: Handler): () => void {
  if (watchers.length === 0) {
    addEventListener("error", onError);
    addEventListener("unhandledrejection", onRejection);
  }
  const watcher = { handle };
  watchers.push(watcher);
  return () => {
    const index = watchers.indexOf(watcher);
    if (index < 0) return;
    watchers.splice(index, 1);
    if (watchers.length > 0) return;
    removeEventListener("error", onError);
    removeEventListener("unhandledrejection", onRejection);
  };
}

function onError(event: ErrorEvent): void {
  event.preventDefault();
  watchers.at(-1)!.handle(event.error);
}

function onRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  watchers.at(-1)!.handle(event.reason);
}
