import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { MAY_RUN_SCRIPTS } from "./place.ts";

Deno.test({
  name: "maelstrom.sh runs real command lines",
  ignore: !MAY_RUN_SCRIPTS,
  async fn() {
    const run = async (...args: string[]) => {
      const command = new Deno.Command(`${ROOT}/maelstrom.sh`, {
        args,
        env: { DENO: Deno.execPath() },
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };
    const help = await run();
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, "./maelstrom.sh COMMAND");
    const bad = await run("brodcast");
    assertEquals([bad.code, bad.out], [254, ""]);
    assertMatch(bad.err, /^Cannot find brodcast: .* did you mean broadcast\?\n$/);
    const blocked = await run(..."test -w echo --bin /bin/sh --engine workbench --store /dev/null/store".split(" "));
    assertEquals([blocked.code, blocked.out], [254, ""]);
    assertMatch(blocked.err, /^Cannot write to --store \/dev\/null\/store: .*\n$/);
    assert((await run("deno", "--version")).out.startsWith(`deno ${Deno.version.deno}`));
  },
});

Deno.test({
  name: "maelstrom.sh stops its nodes when it is interrupted, then checks and stores the history",
  ignore: !MAY_RUN_SCRIPTS,
  async fn() {
    const folder = await Deno.makeTempDir();
    // A node that writes its process id and then executes the real program under the same id.
    const program = `${ROOT}/challenges/bin/echo`;
    await Deno.writeTextFile(`${folder}/node`, `#!/bin/sh\necho $$ >${folder}/pid\nexec ${program}\n`, { mode: 0o755 });
    const flags = `--node-count 1 --time-limit 600 --log-net-send --engine workbench --store ${folder}/store`.split(
      " ",
    );
    const child = new Deno.Command(`${ROOT}/maelstrom.sh`, {
      args: ["test", "-w", "echo", "--bin", `${folder}/node`, ...flags],
      env: { DENO: Deno.execPath() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let log = "";
    const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          // Interrupt after the first reply of the main phase: then there is a history to check.
          if (!log.includes("echo_ok") && (log + text).includes("echo_ok")) child.kill("SIGINT");
          log += text;
        },
      }),
    );
    const out = await new Response(child.stdout).text();
    const { code } = await child.status;
    await reading;
    assertEquals([code, out.split("\n")[0]], [130, "? echo: unknown"]);
    assertStringIncludes(log, "Ending the test, then checking; Ctrl-C again ends at once\n");
    assertStringIncludes(out, "The run was ended early");
    const results = JSON.parse(await Deno.readTextFile(`${folder}/store/latest/results.json`));
    assert(results.valid === "unknown" && results.interrupted && results.operations.ok >= 1);
    const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
    const { success } = await new Deno.Command("sh", { args: ["-c", `kill -0 ${pid}`], stderr: "null" }).output();
    assertEquals(success, false, "the node has ended");
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "maelstrom.sh simulates a challenge, and prints the same bytes for the same seed",
  ignore: !MAY_RUN_SCRIPTS,
  async fn() {
    const folder = await Deno.makeTempDir();
    const run = async (...flags: string[]) => {
      const { code, stdout } = await new Deno.Command(`${ROOT}/maelstrom.sh`, {
        args: ["3e", "--sim", "--json", "--quiet", "--store", folder, "--time-limit", "5", "--seed", ...flags],
        env: { DENO: Deno.execPath() },
        stdin: "null",
        stderr: "null",
      }).output();
      return { code, out: new TextDecoder().decode(stdout) };
    };
    const [first, second, other, checked] = await Promise.all(
      [run("7"), run("7"), run("8"), run("7", "--check-determinism")],
    );
    const results = JSON.parse(first.out);
    const { command: _, ...others } = results;
    assertEquals([first.code, results.mode, results.seed], [0, "simulation", "7"]);
    assertEquals(first, second);
    assert(first.out !== other.out);
    const { command, ...same } = JSON.parse(checked.out);
    assertEquals([checked.code, same], [0, { ...others, deterministic: true }]);
    assert(command.includes("--check-determinism"));
    await Deno.remove(folder, { recursive: true });
  },
});
