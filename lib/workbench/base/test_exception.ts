/**
 * Exceptions of a test: failures outside of its operations.
 *
 * @module
 */

/** Failure outside of the operations: a node crashed, printed a bad line, or answered with a malformed body. */
export interface TestException {
  /** `"node-crashed"`, `"bad-line"`, `"init-failed"`, `"malformed-reply"`, `"checker-crashed"` … */
  type: string;
  /** Node that failed, if it was a node. */
  node?: string;
  /** Description for a person: what happened, what was expected, and what to do. */
  message: string;
  /** Number of times that it happened. */
  count: number;
  /** True if it ended the test. The result is invalid then, and the exit status 255. */
  fatal?: boolean;
}
