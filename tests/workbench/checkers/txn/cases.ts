/** A minimal history for every anomaly of transactions. */

import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import type { Line } from "../sequential.ts";

/** A micro-operation of either workload. */
export type MicroOperationTuple = [f: "r" | "w" | "append", key: number, value: unknown];

/** A transaction. Its reads are recorded only if it is ok. */
export function txn(process: number, type: Operation["type"], ...result: MicroOperationTuple[]): Line {
  const asked = result.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
  return [process, type, "txn", asked, type === "ok" ? result : asked];
}

/** An example of an anomaly. */
export interface Case {
  /** A history that has it, a repaired one that does not, and the explanation. */
  flawed: Line[];
  repaired: Line[];
  says: string;
  /** The weakest models that proscribe it, and one that allows it. */
  not: string[];
  allowedBy?: string;
  /** Other anomalies that it implies. */
  also?: string[];
}

/** The anomalies of txn-list-append, by name. */
export const LIST_CASES: Record<string, Case> = {
  "malformed-reply": {
    flawed: [txn(0, "ok", ["append", 1, 7]), [1, "ok", "txn", [["r", 1, null]], [["r", 2, null]]]],
    repaired: [txn(0, "ok", ["append", 1, 7]), txn(1, "ok", ["r", 1, [7]])],
    says: 'Process 1 asked for [["r",1,null]] and was answered [["r",2,null]] (acknowledged at 3.000 s): expected ' +
      'operation 1 to be ["r",1], got ["r",2]',
    not: ["read-uncommitted"],
  },
  "internal": {
    flawed: [txn(1, "ok", ["append", 1, 8]), txn(0, "ok", ["append", 1, 7], ["r", 1, [8]])],
    repaired: [txn(1, "ok", ["append", 1, 8]), txn(0, "ok", ["append", 1, 7], ["r", 1, [8, 7]])],
    says: 'Process 0\'s transaction [["append",1,7],["r",1,[8]]] (acknowledged at 3.000 s) read key 1 as [8], ' +
      "but its own earlier reads and appends imply a list that ends with [7]",
    not: ["read-atomic"],
    allowedBy: "repeatable-read",
  },
  "future-read": {
    flawed: [txn(0, "ok", ["r", 1, [7]], ["append", 1, 7])],
    repaired: [txn(0, "ok", ["r", 1, []], ["append", 1, 7])],
    says: 'Process 0\'s transaction [["r",1,[7]],["append",1,7]] (acknowledged at 1.000 s) read 7 from key 1 ' +
      "before it wrote that itself",
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "G1a": {
    flawed: [txn(0, "fail", ["append", 1, 7]), txn(1, "ok", ["r", 1, [7]])],
    repaired: [txn(0, "info", ["append", 1, 7]), txn(1, "ok", ["r", 1, [7]])],
    says: 'Process 1\'s transaction [["r",1,[7]]] (acknowledged at 3.000 s) read 7 from key 1, ' +
      'but the transaction that wrote it failed: process 0\'s transaction [["append",1,7]] (failed at 1.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "G1b": {
    flawed: [txn(0, "ok", ["append", 1, 7], ["append", 1, 8]), txn(1, "ok", ["r", 1, [7]])],
    repaired: [txn(0, "ok", ["append", 1, 7], ["append", 1, 8]), txn(1, "ok", ["r", 1, [7, 8]])],
    says: 'Process 1\'s transaction [["r",1,[7]]] (acknowledged at 3.000 s) read 7 from key 1, but its writer wrote ' +
      "that key again later: " +
      'process 0\'s transaction [["append",1,7],["append",1,8]] (acknowledged at 1.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
    // The read of 7 misses the next version, 8.
    also: ["G-single-item"],
  },
  "garbage-read": {
    flawed: [txn(0, "ok", ["r", 1, [7]])],
    repaired: [txn(1, "invoke", ["append", 1, 7]), txn(0, "ok", ["r", 1, [7]])],
    says: 'Process 0\'s transaction [["r",1,[7]]] (acknowledged at 1.000 s) read 7 from key 1, ' +
      "which no transaction wrote; an empty list was expected: the key has never been written before",
    not: ["read-uncommitted"],
  },
  "duplicate-elements": {
    flawed: [txn(0, "ok", ["append", 1, 7]), txn(1, "ok", ["r", 1, [7, 7]])],
    repaired: [txn(0, "ok", ["append", 1, 7]), txn(1, "ok", ["r", 1, [7]])],
    says: 'Process 1\'s transaction [["r",1,[7,7]]] (acknowledged at 3.000 s) read key 1 as [7,7], which contains 7 ' +
      "more than once",
    not: ["read-uncommitted"],
  },
  "incompatible-order": {
    flawed: [
      txn(0, "ok", ["append", 1, 7]),
      txn(1, "ok", ["append", 1, 8]),
      txn(2, "ok", ["r", 1, [8]]),
      txn(3, "ok", ["r", 1, [7, 8]]),
    ],
    repaired: [
      txn(0, "ok", ["append", 1, 7]),
      txn(1, "ok", ["append", 1, 8]),
      txn(2, "ok", ["r", 1, [7, 8]]),
      txn(3, "ok", ["r", 1, [7, 8]]),
    ],
    says: "Key 1 was read as [8] and as [7,8], which no single order of appends allows: " +
      'by process 2\'s transaction [["r",1,[8]]] (acknowledged at 5.000 s) and by ' +
      'process 3\'s transaction [["r",1,[7,8]]] (acknowledged at 7.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "dirty-update": {
    flawed: [
      txn(0, "fail", ["append", 1, 7]),
      txn(1, "info", ["append", 1, 9]),
      txn(2, "ok", ["append", 1, 8]),
      txn(3, "ok", ["r", 1, [7, 9, 8]]),
    ],
    repaired: [
      txn(0, "ok", ["append", 1, 7]),
      txn(1, "info", ["append", 1, 9]),
      txn(2, "ok", ["append", 1, 8]),
      txn(3, "ok", ["r", 1, [7, 9, 8]]),
    ],
    says: 'Process 2\'s transaction [["append",1,8]] (acknowledged at 5.000 s) appended 8 to key 1 after 7, ' +
      'but the transaction that appended 7 failed: process 0\'s transaction [["append",1,7]] (failed at 1.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
    also: ["G1a"],
  },
  "lost-update": {
    flawed: [txn(0, "ok", ["r", 1, []], ["append", 1, 7]), txn(1, "ok", ["r", 1, null], ["append", 1, 8])],
    repaired: [txn(0, "ok", ["r", 1, []], ["append", 1, 7]), txn(1, "ok", ["r", 1, [7]], ["append", 1, 8])],
    says: 'Process 0\'s transaction [["r",1,[]],["append",1,7]] (acknowledged at 1.000 s) and ' +
      'process 1\'s transaction [["r",1,null],["append",1,8]] (acknowledged at 3.000 s) both read key 1 in ' +
      "its initial state and then wrote it",
    not: ["cursor-stability", "update-atomic"],
    allowedBy: "read-atomic",
    also: ["G2-item"],
  },
};

/** The anomalies of txn-rw-register, by name. */
export const REGISTER_CASES: Record<string, Case> = {
  "malformed-reply": {
    flawed: [txn(0, "ok", ["w", 1, 7]), [1, "ok", "txn", [["r", 1, null]], [["w", 1, 9]]]],
    repaired: [txn(0, "ok", ["w", 1, 7]), txn(1, "ok", ["r", 1, 7])],
    says: 'Process 1 asked for [["r",1,null]] and was answered [["w",1,9]] (acknowledged at 3.000 s): expected ' +
      'operation 1 to be ["r",1], got ["w",1,9]',
    not: ["read-uncommitted"],
  },
  "internal": {
    flawed: [txn(0, "ok", ["w", 1, 7], ["r", 1, null])],
    repaired: [txn(0, "ok", ["w", 1, 7], ["r", 1, 7])],
    says: 'Process 0\'s transaction [["w",1,7],["r",1,null]] (acknowledged at 1.000 s) read key 1 as null, ' +
      "but its own last read or write of it implies 7",
    not: ["read-atomic"],
    allowedBy: "repeatable-read",
  },
  "future-read": {
    flawed: [txn(0, "ok", ["r", 1, 7], ["w", 1, 7])],
    repaired: [txn(0, "ok", ["r", 1, null], ["w", 1, 7])],
    says: 'Process 0\'s transaction [["r",1,7],["w",1,7]] (acknowledged at 1.000 s) read 7 from key 1 before it ' +
      "wrote that itself",
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "G1a": {
    flawed: [txn(0, "fail", ["w", 1, 7]), txn(1, "ok", ["r", 1, 7])],
    repaired: [txn(0, "info", ["w", 1, 7]), txn(1, "ok", ["r", 1, 7])],
    says: 'Process 1\'s transaction [["r",1,7]] (acknowledged at 3.000 s) read 7 from key 1, ' +
      'but the transaction that wrote it failed: process 0\'s transaction [["w",1,7]] (failed at 1.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "G1b": {
    flawed: [txn(0, "ok", ["w", 1, 7], ["r", 1, 7], ["w", 1, 8]), txn(1, "ok", ["r", 1, 7])],
    repaired: [txn(0, "ok", ["w", 1, 7], ["r", 1, 7], ["w", 1, 8]), txn(1, "ok", ["r", 1, 8])],
    says: 'Process 1\'s transaction [["r",1,7]] (acknowledged at 3.000 s) read 7 from key 1, but its writer wrote ' +
      'that key again later: process 0\'s transaction [["w",1,7],["r",1,7],["w",1,8]] (acknowledged at 1.000 s)',
    not: ["read-committed"],
    allowedBy: "read-uncommitted",
  },
  "garbage-read": {
    flawed: [txn(0, "ok", ["r", 1, 7])],
    repaired: [txn(1, "invoke", ["w", 1, 7]), txn(0, "ok", ["r", 1, 7])],
    says: 'Process 0\'s transaction [["r",1,7]] (acknowledged at 1.000 s) read 7 from key 1, ' +
      "which no transaction wrote; null was expected: the key has never been written before",
    not: ["read-uncommitted"],
  },
  "lost-update": {
    flawed: [
      txn(0, "ok", ["w", 1, 6]),
      txn(1, "ok", ["r", 1, 6], ["w", 1, 7]),
      txn(2, "ok", ["r", 1, 6], ["w", 1, 8]),
      txn(3, "ok", ["r", 1, 6], ["w", 1, 9]),
    ],
    repaired: [
      txn(0, "ok", ["w", 1, 6]),
      txn(1, "ok", ["r", 1, 6], ["w", 1, 7]),
      txn(2, "fail", ["r", 1, 6], ["w", 1, 8]),
      txn(3, "ok", ["r", 1, 7], ["w", 1, 9]),
    ],
    says: 'Process 1\'s transaction [["r",1,6],["w",1,7]] (acknowledged at 3.000 s) and ' +
      'process 2\'s transaction [["r",1,6],["w",1,8]] (acknowledged at 5.000 s) both read key 1 at version 6 ' +
      "and then wrote it, and so did 1 more",
    not: ["cursor-stability", "update-atomic"],
    allowedBy: "read-atomic",
    also: ["G2-item"],
  },
  "cyclic-versions": {
    flawed: [
      txn(0, "ok", ["r", 1, 9], ["w", 1, 7]),
      txn(1, "ok", ["r", 1, 7], ["w", 1, 8]),
      txn(2, "ok", ["r", 1, 8], ["w", 1, 9]),
    ],
    repaired: [
      txn(0, "ok", ["r", 1, null], ["w", 1, 7]),
      txn(1, "ok", ["r", 1, 7], ["w", 1, 8]),
      txn(2, "ok", ["r", 1, 8], ["w", 1, 9]),
    ],
    says: "The versions of key 1 form a cycle: " +
      'process 0\'s transaction [["r",1,9],["w",1,7]] (acknowledged at 1.000 s) read 9 and wrote 7; ' +
      'process 1\'s transaction [["r",1,7],["w",1,8]] (acknowledged at 3.000 s) read 7 and wrote 8; ' +
      'process 2\'s transaction [["r",1,8],["w",1,9]] (acknowledged at 5.000 s) read 8 and wrote 9',
    not: ["read-uncommitted"],
    also: ["G1c"],
  },
};
