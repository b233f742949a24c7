import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../../lib/workbench/cli/main.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import type { FileFacts } from "../../../../lib/workbench/engines/machine.ts";
import { assertRejected } from "../../engines/fake_command.ts";
import { type FakeMachine, fakeMachine } from "../../engines/fake_machine.ts";
import { IGNORED } from "../../run/store/test_with_store.ts";

/** Command line that watches, on a fake machine whose files the test changes. */
interface Watching extends FakeMachine {
  /** Sizes of the files by path. */
  sizes: Record<string, number>;
  /** Looks at the files, as often as it takes until a change counts. */
  lookTwice(): Promise<void>;
  ended: Promise<number>;
}

function startWatching(line: string, changes: Partial<FakeMachine> = {}): Watching {
  const sizes: Record<string, number> = { "/home/node": 1, "/home/lib/a.py": 1 };
  const filesIn = (root: string, skip: (path: string) => boolean = () => false): FileFacts[] =>
    Object.entries(sizes).filter(([path]) => path.startsWith(`${root}/`) && !skip(path.slice(0, path.lastIndexOf("/"))))
      .map(([path, size]) => ({ path, size, modifiedAt: 0 }));
  const machine = fakeMachine({ filesIn, ...changes }) as Watching;
  machine.sizes = sizes;
  machine.ended = main(line.split(" "), machine);
  machine.lookTwice = async () => {
    for (let look = 0; look < 2; look++) {
      await settle();
      machine.tick();
    }
    await settle();
  };
  return machine;
}

/** Lets all promises settle. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

const LINE = "test -w echo --bin ./node --seed 7 --watch";

Deno.test("--watch runs the test again when a file in the program's folder has changed, until Ctrl-C", async () => {
  const machine = startWatching(LINE);
  await machine.lookTwice();
  assertEquals(machine.ran.length, 1);
  assertStringIncludes(machine.out, "✓ echo: valid\n");
  assertStringIncludes(machine.err, "\nWaiting for a change of /home; Ctrl-C ends\n");
  machine.sizes["/home/lib/a.py"] = 2;
  await machine.lookTwice();
  assertStringIncludes(machine.err, "\nChanged: /home/lib/a.py\n");
  delete machine.sizes["/home/lib/a.py"];
  machine.sizes["/home/b.py"] = 1;
  await machine.lookTwice();
  assertStringIncludes(machine.err, "\nChanged: /home/lib/a.py, /home/b.py\n");
  assertEquals(machine.ran.map(({ request }) => request.seed), ["7", "7", "7"]);
  assertEquals(machine.ran[0]!.request.command.includes("--watch"), false);
  machine.interrupt();
  assertEquals(await machine.ended, 130);
  assertStringIncludes(machine.err, "\nEnding; Ctrl-C again ends at once\n");
});

Deno.test("--watch waits until the files stay as they are: an editor may write half of a file", async () => {
  const machine = startWatching(LINE);
  await machine.lookTwice();
  for (let size = 2; size < 5; size++) {
    machine.sizes["/home/node"] = size;
    machine.tick();
    await settle();
    assertEquals(machine.ran.length, 1);
  }
  await machine.lookTwice();
  assertEquals(machine.ran.length, 2);
  machine.interrupt();
  await machine.ended;
});

Deno.test("--watch runs the test again after chmod +x, which changes neither size nor time", async () => {
  let kind: "file" | "executable" = "executable";
  const { files } = fakeMachine();
  const inspect = (path: string) => path.endsWith("/node") ? { kind, path: "/home/node" } : files.inspect(path);
  const machine = startWatching(LINE, { files: { ...files, inspect } });
  await machine.lookTwice();
  kind = "file";
  await machine.lookTwice();
  assertStringIncludes(machine.err, "it is not executable; try chmod +x");
  kind = "executable";
  await machine.lookTwice();
  assertEquals(machine.ran.length, 2);
  machine.interrupt();
  await machine.ended;
});

Deno.test("--watch ends the run under way at a change, and shows nothing of it", async () => {
  let [begins, ends] = [0, 0];
  const machine = startWatching(LINE, {
    runs: async (_, { signal }) => {
      if (++begins > 1) return {};
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ends++;
      return { valid: "unknown", passed: false, interrupted: true };
    },
  });
  await machine.lookTwice();
  machine.sizes["/home/node"] = 2;
  await machine.lookTwice();
  assertEquals([begins, ends], [2, 1]);
  assertMatch(machine.out, /^✓ echo: valid\n/);
  machine.interrupt();
  assertEquals(await machine.ended, 130);
});

Deno.test("--watch ends the nodes of the run under way at Ctrl-C", async () => {
  const machine = startWatching(LINE, {
    runs: async (_, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return { interrupted: true };
    },
  });
  await machine.lookTwice();
  machine.interrupt();
  assertEquals([await machine.ended, machine.out], [130, ""]);
});

Deno.test("--watch does not run again because of files that a test writes, nor of hidden ones", async () => {
  const machine = startWatching(LINE, {
    runs: async () => {
      await settle();
      machine.sizes["/home/data.db"] = machine.ran.length;
      machine.sizes["/home/.git/index"] = machine.ran.length;
      machine.sizes["/home/__pycache__/a.pyc"] = machine.ran.length;
      return {};
    },
  });
  await machine.lookTwice();
  await machine.lookTwice();
  assertEquals(machine.ran.length, 1);
  machine.sizes["/home/node"] = 2;
  await machine.lookTwice();
  await machine.lookTwice();
  assertEquals(machine.ran.length, 2);
  machine.interrupt();
  await machine.ended;
});

Deno.test("--watch goes on after a run that could not be started", async () => {
  let runs = 0;
  const machine = startWatching(LINE, {
    runs: () => {
      if (++runs === 1) throw new Error("text file busy (os error 26)");
      return {};
    },
  });
  await machine.lookTwice();
  assertStringIncludes(machine.err, "text file busy");
  machine.sizes["/home/node"] = 2;
  await machine.lookTwice();
  assertStringIncludes(machine.out, "✓ echo: valid\n");
  machine.interrupt();
  assertEquals(await machine.ended, 130);
});

Deno.test("--watch rejects bad arguments at once, and several challenges", async () => {
  await assertRejected("test -w echo --bin ./none --watch", "Cannot find --bin ./none");
  await assertRejected("all --watch", "Cannot use --watch with several challenges: name one challenge");
  await assertRejected("check x --watch", "Cannot use --watch with check");
});

Deno.test({
  name: "--watch imports a simulation's modules anew, tells a syntax error, and ends with 130 at Ctrl-C",
  ignore: IGNORED || Deno.permissions.querySync({ name: "run" }).state !== "granted",
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    const helper = (value: string) => Deno.writeTextFileSync(`${folder}/helper.ts`, `export const wrong = ${value};\n`);
    helper("true");
    await Deno.writeTextFile(
      `${folder}/node.ts`,
      `import { wrong } from "./helper.ts";
export default (node) => node.on("echo", ({ echo }) => ({ echo: wrong ? null : echo }));
`,
    );
    const child = new Deno.Command(`${ROOT}/maelstrom.sh`, {
      args: "test -w echo --bin node.ts --node-count 1 --sim --watch --no-shrink --time-limit 1 --seed 7".split(" "),
      cwd: folder,
      signal: AbortSignal.timeout(60_000),
      env: { NO_COLOR: "1", DENO: Deno.execPath() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    /** Actions, one after each run. */
    const steps = [() => helper("= 1"), () => helper("false"), () => child.kill("SIGINT")];
    let log = "";
    const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          log += text;
          // The text may come in pieces.
          const waits = log.split("Ctrl-C ends\n").length - 1;
          while (3 - steps.length < waits) steps.shift()!();
        },
      }),
    );
    const out = await new Response(child.stdout).text();
    await reading;
    assertEquals((await child.status).code, 130, log);
    assertEquals(
      out.match(/^[✓✗?].*$/gm),
      ["✗ echo: INVALID (wrong-echo)", "✓ echo: valid"],
      log,
    );
    assertEquals(log.match(/^Changed: .*$/gm), ["Changed: helper.ts", "Changed: helper.ts"]);
    assertMatch(log, /\nWaiting for a change of node\.ts and 1 imported file; Ctrl-C ends\n/);
    assertMatch(log, /^Cannot simulate .*node\.ts: it cannot be imported: .* at .*helper\.ts:1:\d+$/m);
    assert(!out.includes("--watch"), "the command to run again is for one run");
    await Deno.remove(folder, { recursive: true });
  },
});
