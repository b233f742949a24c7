/**
 * Ids a second of one node: `deno run -A bench/ids.ts [requests]`. Pipes requests (300,000 by default) through
 * `challenges/bin/unique-ids` as fast as it reads them, and checks that the ids are unique and ascending.
 */

const BIN = decodeURIComponent(new URL("../challenges/bin/unique-ids", import.meta.url).pathname);
const INIT = '{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}\n';

/**
 * Measures the rate of ids once.
 *
 * @returns Ids a second, from the first request to the last reply.
 * @throws {Error} The node failed, or its ids are not unique and ascending.
 */
export async function measureIds(requests: number = 300_000): Promise<number> {
  const bytes = new TextEncoder().encode(requestLines(requests));
  const child = new Deno.Command(BIN, { env: { DENO: Deno.execPath() }, stdin: "piped", stdout: "piped" }).spawn();
  const stdin = child.stdin.getWriter();
  const stdout = child.stdout.getReader();
  await stdin.write(new TextEncoder().encode(INIT));
  await stdout.read();
  const begin = performance.now();
  let last = begin;
  const parts: Uint8Array[] = [];
  const drained = (async () => {
    for (let part = await stdout.read(); !part.done; part = await stdout.read()) {
      parts.push(part.value);
      last = performance.now();
    }
  })();
  for (let at = 0; at < bytes.length; at += 65536) await stdin.write(bytes.subarray(at, at + 65536));
  await stdin.close();
  await drained;
  const { code } = await child.status;
  if (code !== 0) throw new Error(`Cannot measure ids: the node exited with status ${code}`);
  checkIds(new TextDecoder().decode(await new Blob(parts as BlobPart[]).arrayBuffer()), requests);
  return requests / (last - begin) * 1000;
}

function requestLines(count: number): string {
  const lines: string[] = [];
  for (let i = 2; i < count + 2; i++) {
    lines.push(`{"id":${i},"src":"c1","dest":"n0","body":{"type":"generate","msg_id":${i}}}\n`);
  }
  return lines.join("");
}

/** Checks that each id is greater than the one before: then all of them are different. */
function checkIds(replies: string, requests: number): void {
  let before = "";
  let count = 0;
  for (const line of replies.split("\n")) {
    if (line === "") continue;
    const { body } = JSON.parse(line);
    if (body.type !== "generate_ok") throw new Error(`Cannot measure ids: expected generate_ok, got ${line}`);
    if (!(body.id > before)) {
      throw new Error(`Cannot measure ids: ${body.id} came after ${before}, expected a later one`);
    }
    before = body.id;
    count++;
  }
  if (count !== requests) throw new Error(`Cannot measure ids: expected ${requests} replies, got ${count}`);
}

if (import.meta.main) {
  const rate = await measureIds(Number(Deno.args[0] ?? 300_000));
  // deno-lint-ignore no-console -- this is what the script is for
  console.log(`${Math.round(rate).toLocaleString("en")} ids a second`);
}
