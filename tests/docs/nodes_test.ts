import { assertEquals } from "@std/assert";

const NODES = new URL("../../docs/nodes/", import.meta.url).pathname;

const mayRun = (["read", "write", "run"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** Runs a program to its end; returns what it printed. */
async function run(command: string, { args = [], input = "", cwd = NODES, env = {} }: {
  args?: string[];
  input?: string;
  cwd?: string;
  env?: Record<string, string>;
} = {}): Promise<string> {
  const child = new Deno.Command(command, { args, cwd, env, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input)).then(() => writer.close());
  const { success, stdout } = await child.output();
  await written;
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: see above`);
  return new TextDecoder().decode(stdout);
}

/** True if a program is on the PATH. */
function isInstalled(program: string): boolean {
  return mayRun &&
    new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success;
}

const REQUESTS = [
  { id: 0, src: "c0", dest: "n3", body: { type: "init", node_id: "n3", node_ids: ["n1", "n2", "n3"], msg_id: 1 } },
  { id: 1, src: "c1", dest: "n3", body: { type: "echo", echo: "Please echo 12", msg_id: 7 } },
];

const REPLIES = [
  { src: "n3", dest: "c0", body: { type: "init_ok", in_reply_to: 1 } },
  { src: "n3", dest: "c1", body: { type: "echo_ok", echo: "Please echo 12", in_reply_to: 7 } },
];

async function assertAnswers(command: string): Promise<void> {
  const input = REQUESTS.map((request) => `${JSON.stringify(request)}\n`).join("");
  const lines = (await run(command, { input })).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), REPLIES);
}

const SCRIPTS = { py: "python3", rb: "ruby", js: "node", sh: "sh" };

for (const [ending, interpreter] of Object.entries(SCRIPTS)) {
  Deno.test({
    name: `docs/nodes/echo.${ending} answers init and echo`,
    ignore: !isInstalled(interpreter),
    fn: () => assertAnswers(`${NODES}echo.${ending}`),
  });
}

Deno.test({
  name: "docs/nodes/echo.go answers init and echo",
  ignore: !isInstalled("go"),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const env = { GOCACHE: `${folder}/cache`, GOFLAGS: "" };
      await run("go", { args: ["build", "-o", `${folder}/echo`, "echo.go"], env });
      await assertAnswers(`${folder}/echo`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
