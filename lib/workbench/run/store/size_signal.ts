/**
 * The signal of a file that is larger than `ulimit -f` allows.
 *
 * @module
 */

/**
 * Keeps a write beyond the limit of `ulimit -f` from ending the process: it fails like any other.
 *
 * @returns Function that ends it.
 */
export function ignoreSizeSignal(): () => void {
  const ignore = () => {};
  try {
    Deno.addSignalListener("SIGXFSZ", ignore);
  } catch {
    // Not every system has this signal.
    return ignore;
  }
  return () => Deno.removeSignalListener("SIGXFSZ", ignore);
}
