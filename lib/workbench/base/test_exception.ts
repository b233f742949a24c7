/**
 * Exceptions of a test: what went wrong outside of its operations.
 *
 * @module
 */

/** Something that went wrong outside of the operations: a node that crashed, printed a bad line, or answered with a malformed body. */
export interface TestException {
  /** `"node-crashed"`, `"bad-line"`, `"init-failed"`, `"malformed-reply"`, `"checker-crashed"` … */
  type: string;
  /** The node, where there is one. */
  node?: string;
  /** What happened, what was expected and what to do, for a person. */
  message: string;
  /** How often the same happened. */
  count: number;
  /** Whether it ended the test: then the result is invalid, and the exit status 255. */
  fatal?: boolean;
}
