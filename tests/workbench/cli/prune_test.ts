import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { boundStore } from "../../../lib/workbench/cli/prune.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { assertRejected, command } from "../engines/fake_command.ts";
import { testWithStore } from "../run/store/test_with_store.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const HOUR = 3_600_000;

/** Runs by their paths: if they have passed, or null if they have no results. */
const RUNS: Record<string, boolean | null> = {
  "echo/20261101T000000": true,
  "kafka/20261102T000000": false,
  "echo/20261103T000000": null,
  "echo/20261104T000000": true,
  "kafka/20261128T000000": false,
  "kafka/20261129T110000": true,
  "echo/20261129T110000-2": true,
  "echo/20261129T110000-10": true,
};
const PATHS = Object.keys(RUNS);

/** Folders that are not ours, however old they are. */
const OTHERS = ["echo/20200101T000000.000Z", "echo/notes", "thesis/20200101T000000"];
/** A folder with the name of a run, but none of its contents. */
const NAMESAKE = "echo/20200101T000000";

/** Writes the runs into a store; returns a machine, and what it prints. */
async function fillStore(store: string) {
  for (const path of [...PATHS, ...OTHERS]) {
    await Deno.mkdir(`${store}/${path}/node-logs`, { recursive: true });
    await Deno.writeTextFile(`${store}/${path}/node-logs/n0.log`, "12345");
    const passed = RUNS[path];
    if (passed == null) continue;
    await Deno.writeTextFile(`${store}/${path}/results.json`, `{\n  "valid": ${passed},\n  "passed": ${passed}\n}\n`);
  }
  await Deno.mkdir(`${store}/${NAMESAKE}`);
  await Deno.writeTextFile(`${store}/${NAMESAKE}/thesis.tex`, "12345");
  const long = new Date(NOW - 90 * 24 * HOUR);
  for (const path of ["echo/20261103T000000", ...OTHERS].map((path) => `${path}/node-logs/n0.log`)) {
    await Deno.utime(`${store}/${path}`, long, long);
  }
  await Deno.utime(`${store}/${NAMESAKE}/thesis.tex`, long, long);
  await Deno.symlink("echo/20261129T110000-10", `${store}/latest`);
  const printed = { out: "", err: "" };
  const machine = {
    ...createMachine(ROOT),
    now: () => NOW,
    stdout: (text: string) => void (printed.out += text),
    stderr: (text: string) => void (printed.err += text),
  };
  return { machine, printed };
}

/** The runs that are left, oldest first; fails if a folder that is not ours is gone. */
function left(store: string): string[] {
  const exists = (path: string) => createMachine(ROOT).files.inspect(`${store}/${path}`).kind === "folder";
  assertEquals([NAMESAKE, ...OTHERS].filter(exists), [NAMESAKE, ...OTHERS]);
  return PATHS.filter(exists);
}

for (
  const [flags, removed] of [
    ["", []],
    ["--keep 8", []],
    ["--keep 3", PATHS.slice(0, 5)],
    ["--keep 1", PATHS.slice(0, 7)],
    ["--keep 0", PATHS.slice(0, 7)],
    ["--older-than 7d", PATHS.slice(0, 4)],
    ["--older-than 90m", PATHS.slice(0, 5)],
    ["--older-than 1h --keep 2", PATHS.slice(0, 6)],
    ["--older-than 26d --keep 3", PATHS.slice(0, 3)],
  ] as const
) {
  testWithStore(`prune ${flags} removes ${removed.length} of 8 runs, and says which`, async (store) => {
    const { machine, printed } = await fillStore(store);
    const words = ["prune", "--store", store, ...flags.split(" ").filter((word) => word !== "")];
    const paths = removed.map((path) => `${store}/${path}\n`).join("");
    assertEquals(await main([...words, "--dry-run"], machine), 0);
    assertEquals([left(store), printed.out.startsWith(`${paths}Would remove ${removed.length} run`)], [PATHS, true]);
    printed.out = "";
    assertEquals([await main(words, machine), printed.err], [0, ""]);
    assertEquals(left(store), PATHS.slice(removed.length));
    assertStringIncludes(printed.out, `${paths}Removed ${removed.length} run`);
    if (removed.length > 0) assertMatch(printed.out, / B; \d+ runs? in /);
  });
}

testWithStore(
  "prune keeps a run without results for a day after its last write: it may be under way",
  async (store) => {
    const { machine } = await fillStore(store);
    const log = `${store}/echo/20261103T000000/node-logs/n0.log`;
    for (const [hours, count] of [[23, 2], [25, 1]] as const) {
      const written = new Date(NOW - hours * HOUR);
      await Deno.utime(log, written, written);
      assertEquals(await main(["prune", "--store", store, "--keep", "0"], machine), 0);
      assertEquals(left(store).length, count, `${hours} h`);
    }
  },
);

testWithStore("prune removes the folder of a workload with its last run, and no other", async (store) => {
  const { machine } = await fillStore(store);
  await Deno.mkdir(`${store}/txn`);
  const workloads = () => machine.subfolders(store).sort();
  assertEquals(await main(["prune", "--store", store, "--keep", "0", "--dry-run"], machine), 0);
  assertEquals(workloads(), ["echo", "kafka", "thesis", "txn"]);
  assertEquals(await main(["prune", "--store", store, "--keep", "0"], machine), 0);
  assertEquals(workloads(), ["echo", "thesis", "txn"]);
});

testWithStore("prune keeps the newest run also if there is no link to it", async (store) => {
  const { machine } = await fillStore(store);
  await Deno.remove(`${store}/latest`);
  assertEquals(await main(["prune", "--store", store, "--keep", "0"], machine), 0);
  assertEquals(left(store), [PATHS.at(-1)!]);
});

testWithStore("prune says which run cannot be removed, and goes on", async (store) => {
  const { machine, printed } = await fillStore(store);
  const removeFolder = (path: string) => {
    if (path.includes("1101")) throw new Deno.errors.PermissionDenied("Permission denied (os error 13): remove");
    machine.removeFolder(path);
  };
  assertEquals(await main(["prune", "--store", store, "--keep", "5"], { ...machine, removeFolder }), 255);
  assertEquals(printed.err, `Cannot remove ${store}/echo/20261101T000000: Permission denied\n`);
  assertStringIncludes(printed.out, "Removed 2 runs");
});

testWithStore("a test keeps the newest runs, and as many that failed", async (store) => {
  const { machine, printed } = await fillStore(store);
  boundStore(store, 8, machine);
  assertEquals([left(store), printed.err], [PATHS, ""]);
  boundStore(store, 1, machine);
  assertEquals(left(store), ["kafka/20261128T000000", "echo/20261129T110000-10"]);
  assertMatch(
    printed.err,
    /^Note: removed 6 runs from \S+, \d+ B: it keeps the newest 1, and .* failed \(--keep-runs\)\n$/,
  );
});

Deno.test("a test removes old runs before it begins, but for the real Maelstrom, which has its own store", async () => {
  const times = Array.from({ length: 102 }, (_, index) => `20200101T${String(100_000 + index)}`);
  const removed: string[] = [];
  const machine = {
    subfolders: (path: string) => path === "store" ? ["echo"] : path === "store/echo" ? times : ["node-logs"],
    removeFolder: (path: string) => void removed.push(path),
    now: () => NOW,
  };
  await command("3e", machine);
  assertEquals(removed, times.slice(0, 2).map((time) => `store/echo/${time}`));
  await command("3e --keep-runs 101 --sim", machine);
  assertEquals(removed.length, 3);
  assertEquals((await command("3e --keep-runs 7")).ran[0]!.request.command.includes("--keep-runs"), false);
});

Deno.test("prune rejects bad arguments", async () => {
  await assertRejected("prune --older-than 7", 'Cannot use --older-than "7": expected an age, such as 90m, 12h or 7d');
  await assertRejected("prune --keep -1", 'Cannot use --keep "-1": expected a whole number, 0 or more');
  await assertRejected("prune store", "Cannot use store with prune: expected one of --keep, --older-than");
});
