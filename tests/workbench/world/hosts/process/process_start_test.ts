import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { RealClock } from "../../../../../lib/workbench/world/real_clock.ts";
import { FailedError } from "../../../../../lib/workbench/base/errors.ts";
import { processWorld } from "../../../../../lib/workbench/world/hosts/process/process.ts";
import { spawnError } from "../../../../../lib/workbench/world/hosts/process/spawn.ts";
import { createNetwork } from "../../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../../lib/workbench/world/random.ts";
import { IGNORED, logsIn, startRig } from "./process_rig.ts";

/** Tries to start a file with this content and mode. */
function testStart(name: string, content: string | undefined, mode: number, problem: string): void {
  Deno.test({
    name,
    ignore: IGNORED,
    fn() {
      const folder = Deno.makeTempDirSync();
      const bin = `${folder}/program`;
      if (content !== undefined) Deno.writeTextFileSync(bin, content, { mode });
      assertThrows(() => startRig(folder, bin), FailedError, `Cannot run ${bin}: ${problem}`);
      Deno.removeSync(folder, { recursive: true });
    },
  });
}

testStart("a program that is not there cannot be started", undefined, 0, "there is no such file");
testStart("a program without its run bit cannot be started", "#!/bin/sh\n", 0o644, "it is not executable");
testStart(
  "a script whose interpreter is not there cannot be started",
  "#! /no/such/interpreter -x\n",
  0o755,
  'its first line (#!) names "/no/such/interpreter", which does not exist here',
);
testStart(
  "a script with carriage returns cannot be started",
  "#!/bin/sh\r\necho\r\n",
  0o755,
  "its lines end with a carriage return (CRLF, as on Windows), which the system takes for a part of the name in its " +
    "first line (#!); save it with LF, or try sed -i",
);
testStart(
  "a script with a byte order mark cannot be started",
  "\ufeff#!/bin/sh\necho\n",
  0o755,
  "it begins with a byte order mark (BOM), so that the system does not see its first line (#!); save it as UTF-8 " +
    "without BOM",
);
testStart(
  "a script whose interpreter env cannot find cannot be started",
  "#!/usr/bin/env -S no-such-interpreter --flag\n",
  0o755,
  "its first line (#!) asks for no-such-interpreter, which is not on the PATH",
);
testStart(
  "a script whose interpreter is not a program cannot be started",
  "#!/etc/passwd\n",
  0o755,
  'its first line (#!) names "/etc/passwd", which cannot be executed',
);

Deno.test({
  name: "a script that does not name what runs it is told so when it has ended",
  ignore: IGNORED,
  async fn() {
    const folder = await Deno.makeTempDir();
    const messageOf = async (content: string) => {
      await Deno.writeTextFile(`${folder}/program`, content, { mode: 0o755 });
      const { failure, node } = startRig(folder, `${folder}/program`);
      const { message } = await failure;
      await node.stop();
      return message;
    };
    assertStringIncludes(
      await messageOf("from sys import stdin\n"),
      "\nIts file does not begin with #!, so that sh has",
    );
    assertEquals((await messageOf("#!/bin/sh\nexit 3\n")).includes("#!"), false);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("a system without room for another process is no mistake in the command", () => {
  const error = spawnError("/bin/x", "/tmp", new Error("Failed to spawn '/bin/x': Too many open files (os error 24)"));
  assertInstanceOf(error, FailedError);
  assertEquals(
    error.message,
    "Cannot run /bin/x: the system has no room for another process (Too many open files); use fewer nodes, or raise " +
      "the limits that ulimit -n and ulimit -u show",
  );
});

Deno.test({
  name: "processWorld starts nodes, and rejects if it cannot",
  ignore: IGNORED,
  async fn() {
    const clock = new RealClock();
    const folder = await Deno.makeTempDir();
    const random = seededRandom("dune");
    const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
    const options = { clock, args: [], openLog: logsIn(folder) };
    const world = processWorld({ ...options, bin: "/bin/cat" });
    assertEquals([world.mode, world.clock], ["process", clock]);
    const nodes = await Promise.all(["n0", "n1"].map((id) => world.startNode(id, network, random, () => {})));
    assertEquals(nodes.map(({ id }) => id), ["n0", "n1"]);
    await Promise.all(nodes.map((node) => node.stop()));
    const rejected = processWorld({ ...options, bin: "/no/such" }).startNode("n2", network, random, () => {});
    assert(await rejected.then(() => false, (error) => error instanceof FailedError));
    await Deno.remove(folder, { recursive: true });
  },
});
