/**
 * World of the nodes under test: everything around them that a test controls.
 *
 * - Time and randomness: `clock.ts` (real and virtual), `random.ts` (seeded streams), `livelock.ts` (messages without
 *   end at one time).
 * - `network/`: messages on their way. Latency, loss, delay, duplication and partitions are there; start with
 *   `network.ts`.
 * - `services/`: lin-kv, seq-kv, lww-kv and lin-tso, with their staleness; start with `mod.ts`.
 * - `hosts/`: running nodes, as processes or in this process; start with `world.ts`. `hosts/guard/` keeps simulations
 *   deterministic.
 * - `cluster/`: nodes that are services on NATS, with servers behind lin-kv and the others; start with `supervisor.ts`.
 * - `connection.ts`: clients that call nodes; `rpc_schema.ts` checks what they send and receive.
 *
 * Only `clock.ts`, `hosts/` and `cluster/` may use the real clock and timers, only `random.ts` real randomness. Nothing
 * here knows workloads or checkers.
 *
 * @module
 */
