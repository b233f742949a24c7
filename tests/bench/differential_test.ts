import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  compare,
  drawCase,
  formatComparison,
  judgeHere,
  type OtherChecker,
  readVerdict,
} from "../../bench/differential.ts";
import { DIFFERENCE_CLASSES, explainDifference, type HistoryVerdict } from "../../bench/known_differences.ts";
import { DRAWN_WORKLOADS } from "../../bench/random_histories.ts";
import { formatEDNOperation } from "../../lib/workbench/history/edn_writer.ts";
import { parseEDNHistory } from "../../lib/workbench/history/history.ts";
import { seededRandom } from "../../lib/workbench/world/random.ts";

const PAGE = new URL("../../docs/check.md", import.meta.url);
const FOLDER = new URL("../testdata/judged/", import.meta.url);

const readable = Deno.permissions.querySync({ name: "read" }).state === "granted";
const writable = readable && Deno.permissions.querySync({ name: "write" }).state === "granted";

function draw(workload: string, number: number) {
  return drawCase(workload, seededRandom("test").stream(workload).stream(String(number)));
}

Deno.test("random histories are right and wrong ones of every workload, and the same for the same seed", () => {
  for (const workload of DRAWN_WORKLOADS) {
    const cases = Array.from({ length: 60 }, (_, number) => draw(workload, number));
    const verdicts = new Set(cases.map((drawn) => judgeHere(drawn).valid));
    assert(verdicts.has(true) && verdicts.has(false), `${workload}: ${[...verdicts]}`);
    assertEquals(draw(workload, 7), cases[7]);
  }
});

Deno.test("a random history is judged in the same way after it was written and read", () => {
  for (const workload of DRAWN_WORKLOADS) {
    for (let number = 0; number < 30; number++) {
      const drawn = draw(workload, number);
      const history = parseEDNHistory(drawn.history.map(formatEDNOperation).join("\n"));
      assertEquals(judgeHere({ ...drawn, history }), judgeHere(drawn), `${workload} ${number}`);
    }
  }
});

Deno.test("a judgement is a line of words, or a map as Elle returns it", () => {
  assertEquals(readVerdict("true\n"), { valid: true, types: [] });
  assertEquals(readVerdict("INFO loading\nfalse G0 G1a\n\n"), { valid: false, types: ["G0", "G1a"] });
  assertEquals(readVerdict("unknown, :cycle-search-timeout"), { valid: "unknown", types: ["cycle-search-timeout"] });
  const map = "{:valid? false, :anomaly-types (:G0 :internal), :anomalies {:G0 [{:cycle [1 2]}]}}";
  assertEquals(readVerdict(map), { valid: false, types: ["G0", "internal"] });
  assertEquals(readVerdict("{:valid? :unknown}"), { valid: "unknown", types: [] });
  for (const text of ["", "yes", "{:ok true}", "{:valid? false, :anomaly-types [1]}"]) {
    assertThrows(() => readVerdict(text), SyntaxError, "expected true, false or unknown and the types of anomalies");
  }
});

/** A row of docs/check.md with the class above it. */
interface Row {
  title: string;
  name: string;
  workload: string;
  models: string[];
  theirs: HistoryVerdict[];
}

/** Reads the rows of all tables that have a column for Jepsen. */
function rowsOf(page: string): Row[] {
  let title = "";
  return page.split("\n").flatMap((line) => {
    title = /^\*\*([^*]+)\*\*/.exec(line)?.[1] ?? title;
    const cells = line.split("|").map((cell) => cell.trim());
    const name = /^`([\w-]+)`$/.exec(cells[1] ?? "")?.[1];
    if (name === undefined || cells.length !== 6) return [];
    const [workload, models = "strict-serializable"] = cells[2]!.split(", ");
    const theirs = cells[4]!.split(", or ").map((text): HistoryVerdict => {
      const [word, types = ""] = text.split(": ");
      const valid = ({ valid: true, invalid: false } as Record<string, boolean>)[word!] ?? "unknown";
      return { valid, types: types.split(", ").filter((type) => type !== "") };
    });
    return [{ title, name, workload: workload!, models: [models], theirs }];
  });
}

Deno.test({
  name: "every difference in docs/check.md is explained by its class, and every class is on the page",
  ignore: !readable,
  async fn() {
    const page = await Deno.readTextFile(PAGE);
    const rows = rowsOf(page);
    for (const { title, name, workload, models, theirs } of rows) {
      const history = parseEDNHistory(await Deno.readTextFile(new URL(`${name}.edn`, FOLDER)));
      const here = judgeHere({ workload, models, history });
      for (const there of theirs) {
        const reason = explainDifference({ workload, history }, here, there);
        if (reason !== "") assertEquals(reason, title, name);
      }
    }
    for (const name of DIFFERENCE_CLASSES) assertStringIncludes(page, `**${name}**`);
  },
});

Deno.test("a difference that no class explains is not explained", () => {
  const drawn = draw("txn-list-append", 0);
  const valid: HistoryVerdict = { valid: true, types: [] };
  assertEquals(explainDifference(drawn, valid, valid), "");
  assertEquals(explainDifference(drawn, valid, { valid: false, types: ["G1a"] }), undefined);
  assertEquals(explainDifference(drawn, { valid: false, types: ["G1a"] }, valid), undefined);
  // One that names no types is asked for the verdict only.
  assertEquals(explainDifference(drawn, { valid: false, types: ["G1a"] }, { valid: false, types: [] }), "");
});

Deno.test({
  name: "compare counts what is the same, and keeps the histories of other differences",
  ignore: !writable,
  async fn() {
    const folder = await Deno.makeTempDir();
    const options = { seed: "test", count: 20, jobs: 3, folder };
    const same: OtherChecker = async (path, workload, models) => {
      const history = parseEDNHistory(await Deno.readTextFile(path));
      const { valid, types } = judgeHere({ workload, models: models.split(","), history });
      return `checked\n${valid} ${types.join(" ")}\n`;
    };
    for (const workload of DRAWN_WORKLOADS) {
      const comparison = await compare({ ...options, workload, check: same });
      assertEquals([comparison.same, comparison.unknown, comparison.known.size], [20, [], 0]);
    }
    assertEquals(Array.from(Deno.readDirSync(folder)), []);
    const comparison = await compare({ ...options, workload: "g-set", check: () => Promise.resolve("true") });
    assert(comparison.unknown.length > 0);
    assertEquals(
      comparison.same + comparison.unknown.length + [...comparison.known.values()].reduce((sum, n) => sum + n, 0),
      20,
    );
    const kept = Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`);
    assertEquals(kept.sort(), comparison.unknown.map(({ path }) => path).sort());
    assertStringIncludes(formatComparison(comparison), `${comparison.unknown[0]!.path} (strict-serializable)`);
    await Deno.remove(folder, { recursive: true });
  },
});
