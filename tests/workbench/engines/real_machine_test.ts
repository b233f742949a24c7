import { assertEquals, assertRejects } from "@std/assert";
import { FailedError, UsageError } from "../../../lib/workbench/base/errors.ts";
import { createMachine, terminals, textOutputs } from "../../../lib/workbench/engines/real_machine.ts";

Deno.test("a dumb terminal counts as no terminal, an unknown one as a terminal", () => {
  const outputs = { stdout: { isTerminal: () => true }, stderr: { isTerminal: () => false } };
  assertEquals(terminals(outputs, "dumb"), { stdout: false, stderr: false });
  for (const term of ["xterm-256color", "", undefined]) {
    assertEquals(terminals(outputs, term), { stdout: true, stderr: false });
  }
});

/** Output that records what is written, five bytes at a time, or fails. */
function output(error?: Error) {
  const written: number[] = [];
  return {
    writeSync(bytes: Uint8Array): number {
      if (error !== undefined) throw error;
      const part = bytes.subarray(0, 5);
      written.push(...part);
      return part.length;
    },
    text: () => new TextDecoder().decode(Uint8Array.from(written)),
  };
}

Deno.test("texts are written whole; what stdout cannot take goes to stderr", () => {
  const [stdout, stderr] = [output(), output()];
  const outputs = textOutputs(stdout, stderr);
  outputs.stdout("the verdict\n");
  outputs.stderr("a note\n");
  assertEquals([stdout.text(), stderr.text()], ["the verdict\n", "a note\n"]);
  textOutputs(output(new Error("No space left on device (os error 28)")), stderr).stdout("the verdict\n");
  assertEquals(
    stderr.text(),
    "a note\nCannot write to stdout: No space left on device; this is what it should get:\nthe verdict\n",
  );
});

Deno.test("nobody is told that a closed pipe or terminal cannot be written, nor that stderr cannot", () => {
  for (const error of [new Deno.errors.BrokenPipe("Broken pipe (os error 32)"), new Error("Input/output error")]) {
    const stderr = output();
    textOutputs(output(error), stderr).stdout("text");
    assertEquals(stderr.text(), "");
    textOutputs(output(), output(error)).stderr("text");
  }
});

Deno.test({
  name: "kill and a terminal that is closed interrupt",
  ignore: Deno.build.os === "windows" ||
    (["run", "env", "read", "sys"] as const).some((name) => Deno.permissions.querySync({ name }).state !== "granted"),
  async fn() {
    const { onInterrupt } = createMachine("/project");
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      const seen: string[] = [];
      const stop = onInterrupt((received) => seen.push(received));
      Deno.kill(Deno.pid, signal);
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      assertEquals(seen, [signal]);
      stop();
    }
  },
});

/** Yields texts, then throws the error if there is one. */
async function* pieces(texts: readonly string[], error?: Error): AsyncGenerator<string> {
  yield* texts;
  if (error !== undefined) throw error;
}

const writable = (await Deno.permissions.query({ name: "write" })).state === "granted";
const readable = (await Deno.permissions.query({ name: "read" })).state === "granted";

Deno.test({
  name: "a file is written from pieces in one step: if that fails, the one before stays, and nothing else",
  ignore: !writable || !readable,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/out.json`;
    const { replaceFileWith } = createMachine(folder);
    const content = async () => [await Deno.readTextFile(path), (await Array.fromAsync(Deno.readDir(folder))).length];
    try {
      await replaceFileWith(path, pieces(["é".repeat(70_000), "", "end"]));
      assertEquals(await content(), [`${"é".repeat(70_000)}end`, 1]);
      const failed = new FailedError("Cannot read the messages");
      await assertRejects(() => replaceFileWith(path, pieces(["new"], failed)), FailedError, failed.message);
      assertEquals(await content(), [`${"é".repeat(70_000)}end`, 1]);
      const missing = `${folder}/none/out.json`;
      await assertRejects(
        () => replaceFileWith(missing, pieces(["x"])),
        UsageError,
        `Cannot create ${missing}: No such`,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
