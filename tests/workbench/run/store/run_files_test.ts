import { assertEquals } from "@std/assert";
import { openRunFiles, type RunFilesOptions } from "../../../../lib/workbench/run/store/run_files.ts";
import { createDisk } from "./full_disk.ts";

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(65);
}

/** Opens files on a disk in memory; `sizes` lists them with their lengths. */
function open({ free = Infinity, ...options }: RunFilesOptions & { free?: number }) {
  const disk = createDisk(free);
  const files = openRunFiles("run", { ...options, disk });
  const sizes = () => Object.fromEntries(Array.from(disk.files, ([path, text]) => [path, text.length]));
  return { ...files, disk, sizes };
}

Deno.test("a full disk ends the files that are written, and is one problem", () => {
  const { openGrowing, writeWhole, problem, sizes } = open({ free: 100 });
  const [log, messages] = [openGrowing("n0.log"), openGrowing("messages.jsonl")];
  log.write(bytes(60));
  assertEquals([log.isWhole, problem()], [true, undefined]);
  messages.write(bytes(60));
  assertEquals([messages.isWhole, log.isWhole], [false, true]);
  log.write(bytes(1));
  messages.write(bytes(1));
  writeWhole("history.jsonl", ["a\n"]);
  log.close();
  messages.close();
  assertEquals(sizes(), { "run/n0.log": 60, "run/messages.jsonl": 40 });
  assertEquals(problem(), {
    message: "Cannot store all of the run in run: No space left on device; missing or incomplete: messages.jsonl, " +
      "n0.log, history.jsonl. The verdict does not depend on them",
    isStored: false,
  });
});

Deno.test("a file that ended at a failed write does not go on when there is space again", () => {
  const { openGrowing, writeWhole, problem, disk, sizes } = open({ free: 10 });
  const log = openGrowing("n0.log");
  log.write(bytes(20));
  disk.free = 100;
  log.write(bytes(20));
  writeWhole("history.jsonl", ["x".repeat(20)]);
  assertEquals([sizes(), log.isWhole], [{ "run/n0.log": 10, "run/history.jsonl": 20 }, false]);
  // The run counts as stored: check needs no log.
  assertEquals(problem()?.isStored, true);
});

Deno.test("a file that cannot be opened is a problem", () => {
  const disk = createDisk(100);
  disk.open = () => {
    throw new Error("Too many open files (os error 24): open 'run/n0.log'");
  };
  const { openGrowing, writeWhole, problem } = openRunFiles("run", { disk });
  const log = openGrowing("n0.log");
  log.write(bytes(10));
  log.close();
  writeWhole("results.json", ["{}"]);
  assertEquals(log.isWhole, false);
  assertEquals(
    problem()?.message,
    "Cannot store all of the run in run: Too many open files; missing or incomplete: n0.log, results.json. " +
      "The verdict does not depend on them",
  );
});

Deno.test("at the limit the growing files end, and there is space left for the history", () => {
  const { openGrowing, writeWhole, problem, sizes } = open({ maxBytes: 1000 });
  const [flood, messages, quiet] = [openGrowing("n0.log"), openGrowing("messages.jsonl"), openGrowing("n1.log")];
  quiet.write(bytes(1));
  for (let i = 0; i < 100; i++) flood.write(bytes(100));
  // This would fit, but then the file would have a gap.
  flood.write(bytes(1));
  messages.write(bytes(10));
  writeWhole("history.jsonl", ["x".repeat(200)]);
  writeWhole("results.json", ["x".repeat(5000)], false);
  assertEquals([flood.isWhole, messages.isWhole, quiet.isWhole], [false, false, true]);
  assertEquals(sizes(), {
    "run/n0.log": 700,
    "run/messages.jsonl": 0,
    "run/n1.log": 1,
    "run/history.jsonl": 200,
    "run/results.json": 5000,
  });
  assertEquals(problem(), {
    message: "The files in run have reached the limit of 1 kB (--max-store): n0.log, messages.jsonl end there. " +
      "All operations and messages are counted and judged",
    isStored: true,
  });
});

Deno.test("a history that exceeds the limit is not stored at all", () => {
  const { writeWhole, problem, sizes } = open({ maxBytes: 200_000 });
  let taken = 0;
  function* lines() {
    for (; taken < 1000; taken++) yield "x".repeat(1000);
  }
  writeWhole("history.jsonl", lines());
  assertEquals(sizes(), {});
  assertEquals(problem(), {
    message: "The files in run have reached the limit of 200 kB (--max-store): history.jsonl is not stored. " +
      "All operations and messages are counted and judged",
    isStored: false,
  });
  assertEquals(taken < 300, true);
});

Deno.test("a whole file is written again from the beginning", () => {
  const { writeWhole, disk } = open({});
  writeWhole("results.json", ["first, which is longer"]);
  writeWhole("results.json", ["second"]);
  assertEquals(disk.files.get("run/results.json"), "second");
});

Deno.test("a file that is replaced is whole at any time, and can be removed", () => {
  const { replace, problem, disk } = open({ free: 30 });
  replace("progress.json", "first");
  replace("progress.json", "second");
  assertEquals([...disk.files], [["run/progress.json", "second"]]);
  replace("progress.json", "x".repeat(100));
  assertEquals([...disk.files], [["run/progress.json", "second"]]);
  replace("progress.json", undefined);
  replace("progress.json", undefined);
  assertEquals([[...disk.files], disk.free, problem()], [[], 30, undefined]);
});
