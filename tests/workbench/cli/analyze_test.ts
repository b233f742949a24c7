import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRejected, command } from "../engines/fake_command.ts";
import type { FakeMachine } from "../engines/fake_machine.ts";

const HISTORY = '{"index":0,"time":0,"type":"invoke","process":0,"f":"echo","value":"a"}\n' +
  '{"index":1,"time":9,"type":"ok","process":0,"f":"echo","value":{"type":"echo_ok","echo":"a"}}\n';

/** Machine with three runs in `store`, and one in `kept`. */
function machine(): Partial<FakeMachine> {
  const runs = [
    "store/echo/20261128T120000",
    "store/kafka/20261128T115959",
    "store/echo/20261129T010000",
    "kept/echo/20200101T000000",
  ];
  const folders = new Map<string, string[]>();
  for (const run of runs) {
    const [store, workload, time] = run.split("/") as [string, string, string];
    folders.set(store, [...new Set([...folders.get(store) ?? ["latest"], workload])]);
    folders.set(`${store}/${workload}`, [...folders.get(`${store}/${workload}`) ?? ["notes"], time]);
  }
  return {
    subfolders: (path) => folders.get(path) ?? [],
    files: {
      inspect: (path) => {
        const kind = runs.includes(path)
          ? "folder"
          : runs.some((run) => path === `${run}/history.jsonl`)
          ? "file"
          : "missing";
        return { kind, path };
      },
      readTextFile: () => "",
    },
    openFile: (path) => {
      opened.push(path);
      return Promise.resolve(new Blob([HISTORY]).stream());
    },
  };
}

let opened: string[] = [];

Deno.test("analyze checks the newest run, or that of an index or a path, in any store", async () => {
  for (
    const [line, run] of [
      ["analyze", "store/echo/20261129T010000"],
      ["analyze -t -1", "store/echo/20261129T010000"],
      ["analyze --test -2", "store/echo/20261128T120000"],
      ["analyze --test=0", "store/kafka/20261128T115959"],
      ["analyze -t-2", "store/echo/20261128T120000"],
      ["analyze -t0", "store/kafka/20261128T115959"],
      ["analyze -t=0", "store/kafka/20261128T115959"],
      ["analyze -t 2 -t 1", "store/echo/20261128T120000"],
      ["analyze --store kept", "kept/echo/20200101T000000"],
      ["analyze -t store/echo/20261128T120000", "store/echo/20261128T120000"],
    ] as const
  ) {
    opened = [];
    const { status, out } = await command(line, machine());
    assertEquals([status, opened], [0, [`${run}/history.jsonl`]], line);
    assertStringIncludes(out, "✓ echo: valid");
  }
});

Deno.test("analyze takes the newest of many runs in one second", async () => {
  const times = ["20261129T020000", ...Array.from({ length: 11 }, (_, index) => `20261129T020000-${index + 2}`)];
  opened = [];
  await command("analyze", {
    ...machine(),
    subfolders: (path) => path === "store" ? ["echo"] : times.toSorted(),
    files: { inspect: (path) => ({ kind: path.endsWith("l") ? "file" : "folder", path }), readTextFile: () => "" },
  });
  assertEquals(opened[0], "store/echo/20261129T020000-12/history.jsonl");
});

Deno.test("analyze passes other flags to check, and shows its help", async () => {
  const { out } = await command("analyze --json -w echo", machine());
  assertEquals(JSON.parse(out).workload, "echo");
  await assertRejected("analyze --rate 5", "Cannot use --rate with analyze: it has no effect there", machine());
  assertStringIncludes((await command("analyze --help")).out, "./maelstrom.sh analyze [--test INDEX|PATH]");
});

Deno.test("analyze says which runs there are", async () => {
  await assertRejected(
    "analyze -t 3",
    "Cannot find run 3 in store: expected an index from -3 to 2, or --test with",
    machine(),
  );
  await assertRejected("analyze --store none", "Cannot find run -1 in none: expected a folder with runs", machine());
  await assertRejected("analyze -t", "Missing value for --test: expected a value");
});
