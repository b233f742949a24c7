/**
 * Overhead of a node: `deno run -A bench/echo.ts [requests]`. Pipes echo requests (500,000 by default) through
 * `challenges/bin/echo` and through a bare loop, in turns. Measures requests a second, the memory of the node, and its
 * start-up time.
 */

const REQUESTS = Number(Deno.args[0] ?? 500_000);
const ROUNDS = 5;
const STARTS = 20;
const BIN = decodeURIComponent(new URL("../challenges/bin/", import.meta.url).pathname);
const INIT = '{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}\n';

/** Speed and memory of a program in one round. */
interface Pace {
  /** Requests a second. */
  rate: number;
  /** Peak memory, MB; undefined where the system does not report it. */
  memory: number | undefined;
}

/** Starts a program and waits until it has answered its first line. */
async function start(program: string, ...args: string[]) {
  const begin = performance.now();
  const child = new Deno.Command(program, { args, env: { DENO: Deno.execPath() }, stdin: "piped", stdout: "piped" })
    .spawn();
  const stdin = child.stdin.getWriter();
  const stdout = child.stdout.getReader();
  await stdin.write(new TextEncoder().encode(INIT));
  await stdout.read();
  return { child, stdin, stdout, milliseconds: performance.now() - begin };
}

async function measurePace(
  requests: Uint8Array,
  replyBytes: number,
  program: string,
  ...args: string[]
): Promise<Pace> {
  const { child, stdin, stdout } = await start(program, ...args);
  const begin = performance.now();
  const fed = feed(stdin, requests);
  let received = 0;
  let last = begin;
  const drained = (async () => {
    for (let part = await stdout.read(); !part.done; part = await stdout.read()) {
      received += part.value.length;
      last = performance.now();
    }
  })();
  await fed;
  // Read the memory before closing stdin, which ends the process. Nearly all requests are answered by now.
  const memory = peakMemory(child.pid);
  await stdin.close();
  await drained;
  const { success } = await child.status;
  if (!success || received !== replyBytes) throw new Error(`${program} answered ${received} bytes, not ${replyBytes}`);
  return { rate: REQUESTS / (last - begin) * 1000, memory };
}

async function feed(stdin: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 65536) await stdin.write(bytes.subarray(at, at + 65536));
}

function peakMemory(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

async function measureStart(): Promise<number> {
  const { child, stdin, stdout, milliseconds } = await start(`${BIN}echo`);
  await stdin.close();
  await stdout.cancel();
  await child.status;
  return milliseconds;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const requests: string[] = [];
let echoBytes = 0;
for (let i = 2; i < REQUESTS + 2; i++) {
  const echo = `Please echo ${i % 128}`;
  requests.push(`{"id":${i},"src":"c1","dest":"n0","body":{"echo":"${echo}","type":"echo","msg_id":${i}}}\n`);
  echoBytes += `{"src":"n0","dest":"c1","body":{"type":"echo_ok","echo":"${echo}","in_reply_to":${i}}}\n`.length;
}
const bytes = new TextEncoder().encode(requests.join(""));

const bare: Pace[] = [];
const node: Pace[] = [];
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await measurePace(bytes, bytes.length, `${BIN}deno-run`, "../bench/bare_loop.ts"));
  node.push(await measurePace(bytes, echoBytes, `${BIN}echo`));
}
const starts: number[] = [];
for (let i = 0; i < STARTS; i++) starts.push(await measureStart());

const rate = (paces: Pace[]) => Math.round(median(paces.map(({ rate }) => rate))).toLocaleString("en");
const memory = (paces: Pace[]) => {
  const known = paces.flatMap(({ memory }) => memory ?? []);
  return known.length > 0 ? `${median(known).toFixed(1)} MB` : "unknown on this system";
};
const ratio = median(node.map(({ rate }, i) => rate / bare[i]!.rate));
// deno-lint-ignore no-console -- this is what the script is for
console.log(`\
${REQUESTS.toLocaleString("en")} echo requests, median of ${ROUNDS} rounds
  bare loop        ${rate(bare)} a second
  challenges/echo  ${rate(node)} a second
  ratio            ${ratio.toFixed(2)}
memory at most     ${memory(node)}
start to init_ok   ${median(starts).toFixed(0)} ms, median of ${STARTS}`);
