/**
 * A command of `maelstrom.sh` in a process of its own. Whatever happens to it, it ends in time, and it takes its nodes
 * with it.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { watchExit } from "../world/hosts/process/exit.ts";
import type { ScriptLimits, ScriptOutcome } from "./machine.ts";

/** Most output of one stream that is kept, in characters. The rest is read and dropped. */
const MAX_OUTPUT = 16_000_000;
/** Time that output may stay open after the end of the process, ms: a process that it has started may hold it. */
const DRAIN_TIMEOUT = 1000;

/** Runs a script until its end, until the limit, or until the signal. It never throws. */
export async function runScript(
  script: string,
  words: readonly string[],
  { limitSeconds, signal }: ScriptLimits,
): Promise<ScriptOutcome> {
  let child: Deno.ChildProcess;
  try {
    child = startScript(script, words);
  } catch (error) {
    return { status: null, stdout: "", stderr: messageOf(error), isTimeout: false };
  }
  const reading = new AbortController();
  const outputs = [child.stdout, child.stderr].map((stream) => readText(stream, reading.signal));
  const { status, isTimeout } = await watch(child, { limitSeconds, signal });
  const drained = setTimeout(() => reading.abort(), DRAIN_TIMEOUT);
  const [stdout, stderr] = await Promise.all(outputs);
  clearTimeout(drained);
  return { status, stdout: stdout!, stderr: stderr!, isTimeout };
}

/** Waits for the end of a process, and kills it if necessary. */
async function watch(
  child: Deno.ChildProcess,
  { limitSeconds, signal }: ScriptLimits,
): Promise<Pick<ScriptOutcome, "status" | "isTimeout">> {
  const exit = watchExit(child, () => Promise.resolve());
  let isTimeout = false;
  const timeout = setTimeout(() => {
    isTimeout = true;
    void exit.kill();
  }, limitSeconds * 1000);
  const onAbort = () => void exit.kill();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  const { code } = await child.status;
  clearTimeout(timeout);
  signal.removeEventListener("abort", onAbort);
  await exit.kill();
  return { status: code, isTimeout };
}

/** Starts it as the leader of a process group, so that Ctrl-C in a terminal does not reach it. */
function startScript(script: string, words: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(script, {
    args: [...words],
    env: { DENO: Deno.execPath(), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
}

/** Reads a stream to its end, or until the signal. */
async function readText(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const sink = new WritableStream<Uint8Array>({
    write(bytes) {
      if (text.length < MAX_OUTPUT) text += decoder.decode(bytes, { stream: true });
    },
  });
  await stream.pipeTo(sink, { signal }).catch(() => {});
  return text;
}
