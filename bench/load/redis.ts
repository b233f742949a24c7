/**
 * Client of Redis, for measurements only: requests are not repeated, and texts are ASCII.
 *
 * @module
 */

/** Reply of Redis. */
export type Reply = string | number | null | Reply[];

/** Connection to Redis. */
export interface Redis {
  /** Sends a command. Commands of one turn of the event loop leave together. */
  command(...words: (string | number)[]): Promise<Reply>;
  close(): void;
}

/** Request that waits for its reply. */
type Waiting = PromiseWithResolvers<Reply>;

/** Connects to a Redis of this machine. */
export async function connectRedis(port: number): Promise<Redis> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const waiting: Waiting[] = [];
  const writer = connection.writable.getWriter();
  let unsent = "";
  void receive(connection.readable, waiting);
  return {
    command(...words) {
      if (unsent === "") {
        queueMicrotask(() => {
          void writer.write(new TextEncoder().encode(unsent)).catch(() => {});
          unsent = "";
        });
      }
      unsent += `*${words.length}\r\n` + words.map((word) => `$${String(word).length}\r\n${word}\r\n`).join("");
      const reply = Promise.withResolvers<Reply>();
      waiting.push(reply);
      return reply.promise;
    },
    close: () => connection.close(),
  };
}

async function receive(stream: ReadableStream<Uint8Array>, waiting: Waiting[]): Promise<void> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  let at = 0;
  try {
    for await (const chunk of stream) {
      text = text.slice(at) + decoder.decode(chunk);
      at = 0;
      for (let found = parseReply(text, at); found !== undefined; found = parseReply(text, at)) {
        at = found.end;
        const { resolve, reject } = waiting.shift()!;
        if (found.reply instanceof Error) reject(found.reply);
        else resolve(found.reply);
      }
    }
  } catch {
    // The connection was closed.
  }
}

/**
 * Parses one reply in the protocol RESP 2.
 *
 * @param at Where it begins.
 * @returns The reply, and where it ends; undefined if it is not complete.
 */
export function parseReply(text: string, at: number): { reply: Reply | Error; end: number } | undefined {
  const lineEnd = text.indexOf("\r\n", at);
  if (lineEnd === -1) return undefined;
  const line = text.slice(at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (text[at]) {
    case "+":
      return { reply: line, end: next };
    case "-":
      return { reply: new Error(line), end: next };
    case ":":
      return { reply: Number(line), end: next };
    case "$": {
      const length = Number(line);
      if (length === -1) return { reply: null, end: next };
      if (text.length < next + length + 2) return undefined;
      return { reply: text.slice(next, next + length), end: next + length + 2 };
    }
    case "*":
      return parseList(text, next, Number(line));
    default:
      throw new Error(`Cannot parse a reply of Redis that begins with ${JSON.stringify(text.slice(at, at + 20))}`);
  }
}

function parseList(text: string, begin: number, length: number): ReturnType<typeof parseReply> {
  if (length === -1) return { reply: null, end: begin };
  const reply: Reply[] = [];
  let end = begin;
  for (let i = 0; i < length; i++) {
    const found = parseReply(text, end);
    if (found === undefined) return undefined;
    if (found.reply instanceof Error) throw found.reply;
    reply.push(found.reply);
    end = found.end;
  }
  return { reply, end };
}
