/**
 * A command of `maelstrom.sh` in a process of its own. Whatever happens to it, it ends in time, and it takes its nodes
 * with it.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { watchExit } from "../world/hosts/process/exit.ts";
import type { ScriptLimits, ScriptOutcome } from "./machine.ts";

/** Most output of one stream that is kept, in bytes. The rest is read and dropped. */
const MAX_OUTPUT = 16_000_000;

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
  const exit = watchExit(child, () => Promise.resolve());
  let isTimeout = false;
  const timeout = setTimeout(() => {
    isTimeout = true;
    void exit.kill();
  }, limitSeconds * 1000);
  const onAbort = () => void exit.kill();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    const outputs = [child.stdout, child.stderr].map(readText);
    const [stdout, stderr] = await Promise.all(outputs);
    return { status: (await child.status).code, stdout: stdout!, stderr: stderr!, isTimeout };
  } finally {
    clearTimeout(timeout);
    signal.removeEventListener("abort", onAbort);
    await exit.kill();
  }
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

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    if (text.length < MAX_OUTPUT) text += decoder.decode(bytes, { stream: true });
  }
  return text;
}
