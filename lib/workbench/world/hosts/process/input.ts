/**
 * The way into a process: messages to its stdin, one a line.
 *
 * @module
 */

import { formatLine } from "../../../base/json.ts";
import type { Message } from "../../../../protocol.ts";

/** Writes messages to a process. It never waits: what the process does not read yet is kept. */
export interface ProcessInput {
  write(message: Message): void;
  /** Drops what is not written yet. */
  close(): void;
}

/** What to do when the messages cannot go in. */
export interface InputProblems {
  /** The process has closed its stdin, or has ended. */
  onClosed(): void;
  /** More than {@linkcode MAX_UNREAD} wait to be read. */
  onBacklog(): void;
}

/** How many characters may wait for a process to read them. */
export const MAX_UNREAD = 1 << 26;

/** Opens the way into a process. Messages that are written in the same turn of the event loop go out together. */
export function openInput(stream: WritableStream<Uint8Array>, { onClosed, onBacklog }: InputProblems): ProcessInput {
  const writer = stream.getWriter();
  const encoder = new TextEncoder();
  let buffer = "";
  let unread = 0;
  let state: "idle" | "writing" | "closed" = "idle";
  writer.closed.catch(() => {});

  async function pump(): Promise<void> {
    try {
      while (buffer !== "") {
        await null;
        const bytes = encoder.encode(buffer);
        unread = buffer.length;
        buffer = "";
        await writer.write(bytes);
        unread = 0;
      }
      if (state === "writing") state = "idle";
    } catch {
      buffer = "";
      if (state === "writing") onClosed();
      state = "closed";
    }
  }

  return {
    write(message) {
      if (state === "closed") return;
      buffer += `${formatLine(message)}\n`;
      if (unread + buffer.length > MAX_UNREAD) onBacklog();
      if (state === "writing") return;
      state = "writing";
      void pump();
    },
    close() {
      state = "closed";
      buffer = "";
      writer.abort().catch(() => {});
    },
  };
}
