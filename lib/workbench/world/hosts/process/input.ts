/**
 * Stdin of a process: messages as lines.
 *
 * @module
 */

import type { Message } from "../../../../protocol.ts";
import { formatOnce } from "../../../base/json.ts";

/** Writer of messages to a process. It never waits: messages that the process has not read are kept, to a bound. */
export interface ProcessInput {
  write(message: Message): void;
  /** Returns the number of characters that wait to be read. */
  unread(): number;
  /** Drops the messages that are not written yet. */
  close(): void;
}

/** Callbacks for problems. */
export interface InputProblems {
  /** The process has closed its stdin, or has ended. */
  onClosed(): void;
  /** A message was dropped, because with it more than {@linkcode MAX_UNREAD} characters would wait to be read. */
  onBacklog(): void;
}

/** Most characters that may wait to be read by a process. */
export const MAX_UNREAD = 1 << 27;

/** State of an input. */
interface State extends InputProblems {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  mode: "idle" | "writing" | "closed";
  /** Lines that are not being written yet. */
  buffer: string;
  /** Number of characters that are being written: the process has not read all of them. */
  unread: number;
}

/** Opens the stdin of a process. Messages that follow each other at once are written together. */
export function openInput(stream: WritableStream<Uint8Array>, problems: InputProblems): ProcessInput {
  const state: State = { ...problems, writer: stream.getWriter(), mode: "idle", buffer: "", unread: 0 };
  state.writer.closed.catch(() => {});
  return {
    write(message) {
      if (state.mode === "closed") return;
      const line = `${formatOnce(message)}\n`;
      if (state.unread + state.buffer.length + line.length > MAX_UNREAD) return state.onBacklog();
      state.buffer += line;
      if (state.mode === "writing") return;
      state.mode = "writing";
      void pump(state);
    },
    unread: () => state.unread + state.buffer.length,
    close() {
      state.mode = "closed";
      state.buffer = "";
      state.writer.abort().catch(() => {});
    },
  };
}

/** Writes the buffer until it stays empty. */
async function pump(state: State): Promise<void> {
  const encoder = new TextEncoder();
  try {
    while (state.buffer !== "") {
      // Lets the messages be added that follow at once.
      await null;
      const bytes = encoder.encode(state.buffer);
      state.unread = state.buffer.length;
      state.buffer = "";
      await state.writer.write(bytes);
      state.unread = 0;
    }
    if (state.mode === "writing") state.mode = "idle";
  } catch {
    state.buffer = "";
    if (state.mode === "writing") state.onClosed();
    state.mode = "closed";
  }
}
