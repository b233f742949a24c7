import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { init, request, settle } from "../fake_host.ts";

/** True if these tests may run: they start processes and create links. */
const allowed = (["run", "read", "write", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !allowed, fn });

const BIN = decodeURIComponent(new URL("../../challenges/bin/", import.meta.url).pathname);

interface Run {
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program with these lines on stdin; when it has ended, returns what it printed. */
async function run(program: string, lines: unknown[], { args = [], env = {}, cwd = "/" }: Run = {}) {
  const child = new Deno.Command(program, {
    args,
    cwd,
    env: { DENO: Deno.execPath(), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)) + "\n").join("");
  await new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

const INIT = init("n0", ["n0"]);
const READY = '{"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}\n';

test("echo answers, and ends with its input", async () => {
  assertEquals(await run(`${BIN}echo`, [INIT, request({ type: "echo", msg_id: 2, echo: "é" })]), {
    code: 0,
    stdout: READY + '{"src":"n0","dest":"c1","body":{"type":"echo_ok","echo":"é","in_reply_to":2}}\n',
    stderr: "",
  });
});

test("unique-ids answers", async () => {
  const { stdout } = await run(`${BIN}unique-ids`, [INIT, request({ type: "generate", msg_id: 2 })]);
  assertMatch(stdout.slice(READY.length), /"type":"generate_ok","id":"[0-9a-f-]{36}","in_reply_to":2/);
});

test("a program starts through a link, and from a folder with a space in its name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "a folder " });
  try {
    await Deno.symlink(`${BIN}echo`, `${folder}/my echo`);
    assertEquals(await run(`${folder}/my echo`, [INIT], { cwd: folder }), { code: 0, stdout: READY, stderr: "" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a program that does not find Deno says so in one line", async () => {
  const { code, stdout, stderr } = await run(`${BIN}echo`, [INIT], { env: { DENO: "/nowhere/deno" } });
  assertEquals([code, stdout], [127, ""]);
  assertMatch(stderr, /^Cannot find deno at \/nowhere\/deno: set DENO to its path[^\n]*\n$/);
});

test("bad lines go to stderr with the time, and details only with --debug", async () => {
  const lines = ["nonsense", INIT, request({ type: "echo_ok", in_reply_to: 5 })];
  const quiet = await run(`${BIN}echo`, lines);
  assertEquals([quiet.code, quiet.stdout], [0, READY]);
  assertMatch(quiet.stderr, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error Cannot parse message: [^\n]*nonsense\n$/);
  const talkative = await run(`${BIN}echo`, lines, { args: ["--debug"] });
  assertEquals(talkative.stdout, READY);
  assertStringIncludes(talkative.stderr, " debug Got a duplicate reply: ");
});

test("a program whose output is closed ends quietly, though its input is open", async () => {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", '{ "$0"; echo "exit status $?" >&2; } | head -n 1', `${BIN}echo`],
    env: { DENO: Deno.execPath() },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const stdout = child.stdout.getReader();
  const write = (message: unknown) => stdin.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  await write(INIT);
  assertEquals(new TextDecoder().decode((await stdout.read()).value), READY);
  let ended = false;
  const status = child.status.then(() => void (ended = true));
  while (!ended) await write(request({ type: "echo", msg_id: 2 })).then(settle, () => status);
  const stderr = await new Response(child.stderr).text();
  assertEquals(stderr, "exit status 0\n");
  await stdin.close().catch(() => {});
  await stdout.cancel();
});
