/**
 * Errors of services that suggest a mistake in the program that asked.
 *
 * @module
 */

import { ERRORS } from "../../protocol.ts";
import type { TestException } from "../base/test_exception.ts";
import { asText, clip } from "../base/text.ts";
import type { JournalEntry } from "../world/network/journal.ts";
import { SERVICES } from "../world/services/mod.ts";

/** Errors that no right request gets. Others, such as precondition-failed, are answers that a program must expect. */
const MISTAKES = (["not-supported", "malformed-request"] as const).map((name) => ({ name, code: ERRORS[name].code }));

/** Notes an exception if an entry of the journal is the message by which a service refuses a request. */
export function noteServiceError(
  { type, message: { src, dest, body } }: Pick<JournalEntry, "type" | "message">,
  note: (exception: TestException) => void,
): void {
  if (type !== "send" || body.type !== "error" || !Object.hasOwn(SERVICES, src)) return;
  const mistake = MISTAKES.find(({ code }) => code === body.code);
  if (mistake === undefined) return;
  const { name, code } = mistake;
  const message = `${src} answered ${dest} with error ${code} (${name}): ${clip(asText(body.text ?? ""), 200)}`;
  note({ type: "service-error", node: dest, message, count: 1 });
}
