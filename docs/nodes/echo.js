#!/usr/bin/env node
// Answers `init` and `echo`: see docs/protocol.md. Runs under Node.js and Bun.
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { src, dest, body: request } = JSON.parse(line);
  const reply = { type: `${request.type}_ok`, in_reply_to: request.msg_id };
  if (request.type === "echo") reply.echo = request.echo;
  process.stdout.write(`${JSON.stringify({ src: dest, dest: src, body: reply })}\n`);
});
