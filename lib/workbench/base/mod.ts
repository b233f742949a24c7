/**
 * Helpers of the whole workbench, which know nothing of tests.
 *
 * - Text: `text.ts` (columns, wrapping, escaping, cutting), `json.ts` (exact numbers), `size.ts` (sizes in
 *   bytes), `near_match.ts` (did you mean …?).
 * - Failures: `errors.ts` (of a command), `test_exception.ts` (of a test), `stack_frames.ts` (places in modules).
 * - Endless computation: `watchdog.ts`, and its thread `watchdog_thread.ts`.
 *
 * A helper moves here when a second folder needs it. It may import the protocol (`lib/protocol.ts`), but no other
 * folder of the workbench.
 *
 * @module
 */
