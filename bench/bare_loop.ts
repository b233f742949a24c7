// @ts-types="../types/streams.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
const encoder = new TextEncoder();
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
const writer = Deno.stdout.writable.getWriter();
let output = "";
for await (const line of lines) {
  output += JSON.stringify(JSON.parse(line)) + "\n";
  if (output.length > 65536) {
    const text = output;
    output = "";
    await writer.write(encoder.encode(text));
  }
}
await writer.write(encoder.encode(output));
