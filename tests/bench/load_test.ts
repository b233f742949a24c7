import { assertEquals, assertThrows } from "@std/assert";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import { busySeconds, cpuShares, parseStat } from "../../bench/load/cpu.ts";
import { latenciesOf } from "../../bench/load/latencies.ts";
import { parseReply } from "../../bench/load/redis.ts";
import { limitOf, searchLimit } from "../../bench/load/search.ts";

const BOUNDS = { from: 100, factor: 2, bisections: 2, least: 20, most: 1000 };

/** Searches a system that holds some rates. Returns the rates in the order in which they were tried, and the limit. */
async function search(holds: (rate: number) => boolean) {
  const tried: number[] = [];
  const attempts = await searchLimit((rate) => {
    tried.push(rate);
    return Promise.resolve({ rate, holds: holds(rate) });
  }, BOUNDS);
  assertEquals(attempts.map(({ rate }) => rate), tried.toSorted((a, b) => a - b));
  return { tried, limit: limitOf(attempts)?.rate };
}

Deno.test("searchLimit() raises the rate to the first that does not hold, then halves the ratio", async () => {
  assertEquals(await search((rate) => rate <= 300), { tried: [100, 200, 400, 283, 336], limit: 283 });
});

Deno.test("searchLimit() lowers the rate if the first does not hold", async () => {
  assertEquals(await search((rate) => rate <= 30), { tried: [100, 50, 25, 35, 30], limit: 30 });
});

Deno.test("searchLimit() ends at its bounds", async () => {
  assertEquals(await search(() => true), { tried: [100, 200, 400, 800], limit: 800 });
  assertEquals(await search(() => false), { tried: [100, 50, 25], limit: undefined });
});

Deno.test("limitOf() trusts no rate above one that did not hold", () => {
  const attempts = [{ rate: 400, holds: true }, { rate: 100, holds: true }, { rate: 200, holds: false }];
  assertEquals(limitOf(attempts)!.rate, 100);
});

Deno.test("latenciesOf() has the operations invoked in the part; one that failed took for ever", () => {
  const at = (ms: number, type: Operation["type"], process: number, f = "send") =>
    ({ type, process, f, value: null, time: ms * 1e6, index: 0 }) as Operation;
  const history = [
    at(5, "invoke", 0),
    at(10, "invoke", 1),
    at(11, "invoke", 2, "crash"),
    at(11, "info", 2, "crash"),
    at(14, "ok", 1),
    at(15, "ok", 0),
    at(16, "invoke", 0),
    at(18, "fail", 0),
    at(19, "invoke", 1),
    at(20, "invoke", 0),
    at(21, "ok", 0),
  ];
  assertEquals(latenciesOf(history, 10, 20), { count: 3, failed: 2, p50: Infinity, p99: Infinity });
  assertEquals(latenciesOf(history.slice(0, 6), 10, 20), { count: 1, failed: 0, p50: 4, p99: 4 });
});

Deno.test("parseStat() reads the CPU time of a process, whatever its name is", () => {
  const rest = "S 1 2 2 0 -1 4194560 10 0 0 0 150 25 0 0 20 0 1 0 100 1000 20";
  assertEquals(["(cat)", "(a) b (c)"].map((name) => parseStat(`7 ${name} ${rest}`)), [1.75, 1.75]);
  assertEquals(busySeconds("cpu  100 200 300 4000 500 60 40 9 0 0\ncpu0 1 2 3\n"), 7);
  const shares = cpuShares(new Map([["a", 1], ["gone", 1]]), new Map([["a", 3], ["new", 0.5]]), 4);
  assertEquals([...shares], [["a", 50], ["new", 12.5]]);
});

Deno.test("parseReply() parses each kind of reply, and waits for one that is not complete", () => {
  const text = "*4\r\n:7\r\n$3\r\na\r\n\r\n$-1\r\n*1\r\n+OK\r\n";
  assertEquals(parseReply(`xx${text}+y`, 2), { reply: [7, "a\r\n", null, ["OK"]], end: 2 + text.length });
  for (let length = 0; length < text.length; length++) assertEquals(parseReply(text.slice(0, length), 0), undefined);
  assertEquals(parseReply("*-1\r\n", 0), { reply: null, end: 5 });
  assertEquals(String(parseReply("-ERR no\r\n", 0)!.reply), "Error: ERR no");
  assertThrows(() => parseReply("?\r\n", 0), Error, "begins with");
});
