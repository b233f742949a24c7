/**
 * Counters of a node.
 *
 * @module
 */

/** Counters of a node since it started. They only grow. */
export interface NodeStats {
  /** Messages received. */
  received: number;
  /** Messages sent. */
  sent: number;
  /** Error replies sent; included in `sent`. */
  errors: number;
  /** Requests sent by {@linkcode Node.rpc}, retries included. */
  requests: number;
  /** Requests that repeat an earlier one; included in `requests`. */
  retries: number;
  /** Requests that got no reply in time. */
  timeouts: number;
  /** Replies that came after their RPC had timed out or was aborted. */
  lateReplies: number;
  /** Replies to an RPC that has its reply already, or to no RPC of this node. */
  duplicateReplies: number;
}

/** Creates the counters of a node that has just started. */
export function createStats(): NodeStats {
  return {
    received: 0,
    sent: 0,
    errors: 0,
    requests: 0,
    retries: 0,
    timeouts: 0,
    lateReplies: 0,
    duplicateReplies: 0,
  };
}
