/**
 * The wrong programs in `tests/wrong/`: each has one classical mistake, which a test finds.
 *
 * @module
 */

/** A program with a mistake, and the test that finds it. */
export interface WrongProgram {
  /** Name of its module in `tests/wrong/`, without `.ts`. */
  file: string;
  /** The mistake, in a few words. */
  mistake: string;
  /** Type of the anomaly that shows the mistake. */
  anomaly: string;
  /** The workload's name. */
  workload: string;
  /** Flags of the test, without the workload, the program and `--sim`. */
  flags: string;
}

const SIZE = "--node-count 3 --time-limit 5 --nemesis-interval 2";
/** At this latency, messages overtake each other. */
const LATENCY = "--latency 50 --latency-dist exponential";
const TRANSACTIONS = `--node-count 3 --time-limit 3 --nemesis-interval 2 --rate 40 ${LATENCY}`;

/** All wrong programs. */
export const WRONG_PROGRAMS: readonly WrongProgram[] = [
  {
    file: "broadcast_without_retry",
    mistake: "broadcast without retry",
    anomaly: "lost",
    workload: "broadcast",
    flags: `${SIZE} --rate 20 ${LATENCY} --nemesis partition`,
  },
  {
    file: "broadcast_without_acks",
    mistake: "broadcast that resends, but without acknowledgements",
    anomaly: "lost",
    workload: "broadcast",
    flags: `${SIZE} --rate 20 ${LATENCY} --nemesis partition`,
  },
  {
    file: "broadcast_loses_outbox",
    mistake: "broadcast that drops its outbox after a pause",
    anomaly: "lost",
    workload: "broadcast",
    flags: `--node-count 3 --time-limit 5 --nemesis-interval 1 --rate 20 ${LATENCY} --nemesis pause`,
  },
  {
    file: "ids_from_clock",
    mistake: "ids from the clock alone",
    anomaly: "duplicate-id",
    workload: "unique-ids",
    flags: `${SIZE} --rate 100 ${LATENCY}`,
  },
  {
    file: "counter_without_cas",
    mistake: "counter by read, add, write, without compare-and-set",
    anomaly: "wrong-sum",
    workload: "g-counter",
    flags: `${SIZE} --rate 20 ${LATENCY}`,
  },
  {
    file: "counter_stale_read",
    mistake: "counter that reads a stale seq-kv",
    anomaly: "wrong-sum",
    workload: "g-counter",
    flags: `${SIZE} --rate 50`,
  },
  {
    file: "log_last_writer_wins",
    mistake: "log whose offsets go to the last writer",
    anomaly: "inconsistent-offsets",
    workload: "kafka",
    flags: `${SIZE} --rate 50 ${LATENCY}`,
  },
  {
    file: "log_answers_before_cas",
    mistake: "log that answers before its compare-and-set",
    anomaly: "lost-write",
    workload: "kafka",
    flags: `${SIZE} --rate 50 ${LATENCY}`,
  },
  {
    file: "txn_without_timestamp",
    mistake: "last-writer-wins transactions without timestamps",
    anomaly: "divergent-replicas",
    workload: "txn-rw-register",
    flags: `${TRANSACTIONS} --consistency-models read-committed --availability total`,
  },
  {
    file: "txn_dirty_reads",
    mistake: "dirty reads",
    anomaly: "G1a",
    workload: "txn-rw-register",
    flags: `${TRANSACTIONS} --consistency-models read-committed --nemesis partition`,
  },
  {
    file: "txn_fractured_reads",
    mistake: "fractured reads",
    anomaly: "G-single-item",
    workload: "txn-list-append",
    flags: `${TRANSACTIONS} --consistency-models serializable`,
  },
];
