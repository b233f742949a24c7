/**
 * Search: many runs of a test, to find a failure or the smallest test that shows it.
 *
 * - `series.ts` runs the tests of one command line, with one or many seeds.
 * - `swarm/` simulates random tests on all cores until one fails.
 * - `swarm/machines/` spreads such tests over many machines; only the files there use a client of NATS.
 * - `shrink/` makes a failing simulated test smaller.
 *
 * Code here decides which tests to run, and runs them only through engines and their requests. It never reads flags
 * that are not its own, and never looks inside a run.
 *
 * @module
 */
