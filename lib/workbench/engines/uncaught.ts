/**
 * Uncaught errors of this process: thrown by a callback of a timer or a stream, or a rejection that is not handled. By
 * default they end the process at once with exit status 1, which means that a test is invalid.
 *
 * @module
 */

/** Receives an uncaught error. */
type Handler = (error: unknown) => void;

/** Handlers, the last one first in charge. While there is one, uncaught errors do not end the process. */
const handlers: Handler[] = [];

/**
 * Hands uncaught errors to a function.
 *
 * @param handle It gets all of them until the returned function is called, or another one takes its place for a time.
 */
export function watchUncaught(handle: Handler): () => void {
  if (handlers.length === 0) {
    addEventListener("error", onError);
    addEventListener("unhandledrejection", onRejection);
  }
  handlers.push(handle);
  return () => {
    handlers.splice(handlers.indexOf(handle), 1);
    if (handlers.length > 0) return;
    removeEventListener("error", onError);
    removeEventListener("unhandledrejection", onRejection);
  };
}

function onError(event: ErrorEvent): void {
  event.preventDefault();
  handlers.at(-1)!(event.error);
}

function onRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  handlers.at(-1)!(event.reason);
}
