/**
 * Intervals: operations with the time in which they take effect.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import type { ModelOperation } from "./model.ts";

/** An operation and the interval in which it takes effect. */
export interface Interval {
  operation: ModelOperation;
  /** The node that its process talked to, if that is known. */
  node?: string;
  /** Index of the invocation. */
  begin: number;
  /** Index of the completion; infinite if the operation may take effect at any later time, or never. */
  end: number;
  invocation: Operation;
  completion: Operation;
}
