import type { ObjectStore } from "@nats-io/obj";
import { assertEquals, assertRejects } from "@std/assert";
import { FailedError } from "../../../../../lib/workbench/base/errors.ts";
import { createMachine } from "../../../../../lib/workbench/engines/real_machine.ts";
import { ROOT } from "../../../../../lib/workbench/cli/root.ts";
import { isOurs, listRuns } from "../../../../../lib/workbench/report/stored/stored_folders.ts";
import { fetchRuns } from "../../../../../lib/workbench/search/swarm/machines/runs.ts";
import { testWithStore } from "../../../run/store/test_with_store.ts";

/** Object store that has some files, each with one text. */
function storeOf(text: string, names: string[]): Pick<ObjectStore, "list" | "get"> {
  const data = () => new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return {
    list: () => Promise.resolve(names.map((name) => ({ name }) as Awaited<ReturnType<ObjectStore["list"]>>[number])),
    get: () => Promise.resolve({ data: data() } as unknown as Awaited<ReturnType<ObjectStore["get"]>>),
  };
}

testWithStore(
  "runs of two swarms with the same second, workload and number have folders of their own",
  async (store) => {
    const place = "17/broadcast/20261129T120000";
    const names = [`${place}/results.json`, `${place}/node-logs/db:8080@b.log`];
    const folders = [
      (await fetchRuns(storeOf("one", names), "nightly", store)).get(17)!,
      (await fetchRuns(storeOf("other", names), "dune-2", store)).get(17)!,
    ];
    assertEquals(folders, ["nightly", "dune-2"].map((swarm) => `${store}/broadcast/20261129T120000-${swarm}-17`));
    const texts = ["results.json", "node-logs/db:8080@b.log"].flatMap((path) =>
      folders.map((folder) => Deno.readTextFile(`${folder}/${path}`))
    );
    assertEquals(await Promise.all(texts), ["one", "other", "one", "other"]);
    // They are runs as any other, for serve, analyze and prune.
    const machine = createMachine(ROOT);
    assertEquals(listRuns(store, machine).map((run) => isOurs(run, machine)), [true, true]);
    // Again: the same folders.
    assertEquals((await fetchRuns(storeOf("one", names), "nightly", store)).get(17), folders[0]);
  },
);

testWithStore("of a test that two workers have run, the run that is whole is fetched, and it alone", async (store) => {
  const folder = (second: number) => `3/echo/20261129T12000${second}`;
  const names = [
    `${folder(0)}/history.jsonl`,
    `${folder(1)}/history.jsonl`,
    `${folder(1)}/results.json`,
    `${folder(2)}/results.json`,
    "3/echo/../../results.json",
    "notes",
  ];
  const folders = await fetchRuns(storeOf("text", names), "s", store);
  assertEquals([...folders], [[3, `${store}/echo/20261129T120001-s-3`]]);
  assertEquals(listRuns(store, createMachine(ROOT)).length, 1);
});

testWithStore("runs that cannot be written here are told, and are no reason to ask the server again", async (store) => {
  await Deno.writeTextFile(`${store}/file`, "");
  const runs = storeOf("text", ["3/echo/20261129T120000/history.jsonl"]);
  const expected = `Cannot store the runs that failed in ${store}/file: Not a directory`;
  await assertRejects(() => fetchRuns(runs, "s", `${store}/file`), FailedError, expected);
});
