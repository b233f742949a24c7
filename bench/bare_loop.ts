/**
 * Bare loop that `bench/echo.ts` compares with: parses each line and writes it again, the minimum of any program that
 * handles messages.
 */

import { TextLineStream } from "@std/streams/text-line-stream";

const BATCH = 65536;

const encoder = new TextEncoder();
const writer = Deno.stdout.writable.getWriter();
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
let output = "";
let first = true;
for await (const line of lines) {
  output += JSON.stringify(JSON.parse(line)) + "\n";
  // Write the first line immediately: it shows that the loop has started.
  if (output.length < BATCH && !first) continue;
  first = false;
  const text = output;
  output = "";
  await writer.write(encoder.encode(text));
}
await writer.write(encoder.encode(output));
