import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { FailedError, UsageError } from "../../../lib/workbench/base/errors.ts";
import { install, RELEASE } from "../../../lib/workbench/cli/install.ts";
import { type FakeMachine, fakeMachine } from "../engines/fake_machine.ts";

/** Creates a machine that can fetch an archive, and records where from, and the folders into which it is unpacked. */
function machineWithArchive(
  changes: Partial<FakeMachine> = {},
): { machine: FakeMachine; fetched: string[]; unpacked: string[] } {
  const fetched: string[] = [];
  const unpacked: string[] = [];
  const machine = fakeMachine({
    archives: {
      fetch(from) {
        fetched.push(from);
        return Promise.resolve(new Uint8Array(5));
      },
      sha256: () => Promise.resolve(RELEASE.sha256),
      unpack(_, folder) {
        unpacked.push(folder);
        return Promise.resolve();
      },
    },
    ...changes,
  });
  return { machine, fetched, unpacked };
}

Deno.test("install() fetches, verifies and unpacks the release, and lists missing programs", async () => {
  const { machine, fetched, unpacked } = machineWithArchive({
    outputOf: (program) => program === "git" ? "git version 2" : undefined,
  });
  await install([], machine);
  assertEquals(fetched, ["https://github.com/jepsen-io/maelstrom/releases/download/v0.2.4/maelstrom.tar.bz2"]);
  assertEquals(unpacked, ["/project/.maelstrom/maelstrom"]);
  assertStringIncludes(machine.out, "Installed Maelstrom 0.2.4 in /project/.maelstrom/maelstrom\n");
  assertStringIncludes(machine.out, "missing  Java 11+");
  assertStringIncludes(machine.out, "found    git");
  assertStringIncludes(machine.out, "Debian: apt-get install openjdk-17-jre-headless graphviz gnuplot\n");
  assertStringIncludes(machine.out, "macOS:  brew install openjdk graphviz gnuplot\n");
});

Deno.test("install() fetches the archive from --from", async () => {
  for (const args of [["--from", "/tmp/maelstrom.tar.bz2"], ["--from=/tmp/maelstrom.tar.bz2"]]) {
    const { machine, fetched } = machineWithArchive();
    await install(args, machine);
    assertEquals(fetched, ["/tmp/maelstrom.tar.bz2"]);
  }
});

Deno.test("install() does nothing if Maelstrom is installed", async () => {
  const { machine, fetched, unpacked } = machineWithArchive();
  machine.files.inspect = (path) => ({ kind: "folder", path });
  await install([], machine);
  assertEquals([fetched, unpacked], [[], []]);
  assertStringIncludes(machine.out, "Maelstrom is installed already, in /project/.maelstrom/maelstrom");
});

Deno.test("install() detects a Java that is too old", async () => {
  const verdict = async (answer: string) => {
    const { machine } = machineWithArchive({ outputOf: () => answer });
    await install([], machine);
    return /(found|missing) +Java/.exec(machine.out)![1];
  };
  assertEquals(await verdict('openjdk version "17.0.15" 2025-04-15'), "found");
  assertEquals(await verdict('openjdk version "11"'), "found");
  assertEquals(await verdict('java version "1.8.0_392"'), "missing");
  assertEquals(await verdict("no version at all"), "missing");
});

Deno.test("install() rejects an archive with another checksum", async () => {
  const { machine, unpacked } = machineWithArchive();
  machine.archives.sha256 = () => Promise.resolve("abc");
  const { message } = await assertRejects(() => install(["--from", "x"], machine), FailedError);
  assertEquals(
    message,
    `Cannot install Maelstrom from x: its 5 bytes have SHA-256 abc, expected ${RELEASE.sha256}; ` +
      "the archive is damaged, incomplete or of another version",
  );
  assertEquals(unpacked, []);
});

Deno.test("install() says what to do if there is no network", async () => {
  const { message } = await assertRejects(() => install([], fakeMachine()), FailedError);
  assertEquals(
    message,
    `Cannot fetch ${RELEASE.url}: there is no network; ` +
      "fetch it by other means, then: ./maelstrom.sh install --from FILE",
  );
});

Deno.test("install() says why there is no network", async () => {
  const { machine } = machineWithArchive();
  machine.archives.fetch = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("dns error") }));
  await assertRejects(() => install([], machine), FailedError, ": fetch failed (dns error); fetch it by other means");
});

Deno.test("install() reports an archive that cannot be unpacked", async () => {
  const { machine } = machineWithArchive();
  machine.archives.unpack = () => Promise.reject(new Error("tar failed: no space left"));
  const { message } = await assertRejects(() => install([], machine), FailedError);
  assertEquals(message, "Cannot unpack Maelstrom into /project/.maelstrom/maelstrom: tar failed: no space left");
});

Deno.test("install() rejects other arguments", async () => {
  const complaint = async (...args: string[]) =>
    (await assertRejects(() => install(args, machineWithArchive().machine), UsageError)).message;
  assertEquals(await complaint("now"), "Cannot use now with install: expected --from");
  assertEquals(await complaint("--from", "x", "y"), "Cannot use y with install: expected --from");
  assertEquals(
    await complaint("--from"),
    "Missing value for --from: expected a value",
  );
});

const ALLOWED = ["read", "write", "run", "env"].every((name) =>
  Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
);
// tar needs bzip2 for decompression, which small machines may lack.
const HAS_BZIP2 = ALLOWED && createMachine("/").outputOf("bzip2", ["--help"]) !== undefined;

/** Lists the names in a folder. */
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name);
}

/** Creates a real folder with an archive that contains `maelstrom/maelstrom`, and removes it at the end. */
async function withArchive(fn: (machine: FakeMachine, archive: string, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/maelstrom`);
    await Deno.writeTextFile(`${root}/maelstrom/maelstrom`, "#!/bin/sh\n", { mode: 0o755 });
    const archive = `${root}/archive.tar.bz2`;
    await new Deno.Command("tar", { args: ["-cjf", archive, "-C", root, "maelstrom"] }).output();
    const { files, archives } = createMachine(root);
    await fn(fakeMachine({ root, files, archives }), archive, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test({
  name: `install() installs a real archive${HAS_BZIP2 ? "" : " (ignored: needs bzip2 and permissions)"}`,
  ignore: !HAS_BZIP2,
  fn: () =>
    withArchive(async (machine, archive, root) => {
      const sha256 = await machine.archives.sha256(await Deno.readFile(archive));
      await install(["--from", archive], machine, { ...RELEASE, sha256 });
      assertEquals(machine.files.inspect(`${root}/.maelstrom/maelstrom/maelstrom`).kind, "executable");
      assertEquals(namesIn(`${root}/.maelstrom`), ["maelstrom"]);
    }),
});

Deno.test({
  name: `install() leaves no files of an incomplete archive${
    HAS_BZIP2 ? "" : " (ignored: needs bzip2 and permissions)"
  }`,
  ignore: !HAS_BZIP2,
  fn: () =>
    withArchive(async (machine, archive, root) => {
      const whole = await Deno.readFile(archive);
      await Deno.writeFile(archive, whole.subarray(0, whole.length / 2));
      const from = ["--from", archive];
      await assertRejects(
        () => install(from, machine),
        FailedError,
        "the archive is damaged, incomplete or of another version",
      );
      const sha256 = await machine.archives.sha256(await Deno.readFile(archive));
      await assertRejects(() => install(from, machine, { ...RELEASE, sha256 }), FailedError, "Cannot unpack Maelstrom");
      assertEquals(namesIn(`${root}/.maelstrom`), []);
    }),
});

Deno.test({
  name: "install() reports a missing file",
  ignore: !ALLOWED,
  async fn() {
    const machine = fakeMachine({ archives: createMachine("/").archives });
    await assertRejects(
      () => install(["--from", "/no/such/file"], machine),
      FailedError,
      "Cannot fetch /no/such/file: No such file",
    );
  },
});
