/**
 * Histories: what the clients and the nemesis of a test did, as data.
 *
 * - `operation.ts`: the type that everything else is about. `history.ts`: pairs of invocation and completion, parsing,
 *   writing.
 * - Reading from outside: `history_file.ts` (files, gzip) → `history_reader.ts` (JSON lines or EDN → operations) →
 *   `edn.ts` → `edn_tokens.ts`. `nesting.ts` limits how deep values may be.
 *
 * An operation has the fields of Jepsen's; change none of them. A bad text is named with line, column and what was
 * expected.
 *
 * @module
 */
