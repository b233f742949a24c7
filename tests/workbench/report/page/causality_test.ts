import { assertEquals } from "@std/assert";
import {
  createCausalIndex,
  relatedToMessage,
  relatedToOperation,
} from "../../../../lib/workbench/report/page/causality.js";
import { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";

/** Message: `[sent, source, destination, received]`, and the row of its request. Lost without `received`. */
type Sent = [sent: number, src: string, dest: string, received?: number, request?: number];

function indexOf(sends: readonly Sent[], operations: number[] = [], isVirtual = true) {
  const names = [...new Set(sends.flatMap(([, src, dest]) => [src, dest]))];
  const messages = decodeMessages({
    names,
    types: ["a"],
    id: sends.map((_, row) => row),
    sent: sends.map(([sent], row) => sent - (sends[row - 1]?.[0] ?? 0)),
    delay: sends.map(([sent, , , received]) => received === undefined ? -1 : received - sent),
    src: sends.map(([, src]) => names.indexOf(src)),
    dest: sends.map(([, , dest]) => names.indexOf(dest)),
    type: sends.map(() => 0),
    reply: sends.map(([, , , , request], row) => request === undefined ? 0 : row - request),
    operation: sends.map((_, row) => operations[row] ?? -1),
    body: sends.map(() => ""),
    size: sends.map(() => 0),
    copies: [],
  });
  return createCausalIndex(messages, isVirtual);
}

/** A client's write on n0, which n0 passes on to n1 at once, and n1 to n2; n2 acknowledges. */
const CHAIN: Sent[] = [
  [10, "c1", "n0", 10],
  [10, "n0", "n1", 20],
  [10, "n0", "c1", 10, 0],
  [20, "n1", "n2", 30],
  [30, "n2", "n1", 40, 3],
];

Deno.test("an operation has caused what its node sent at once, what others sent then, and the answers", () => {
  const related = relatedToOperation(indexOf(CHAIN, [0, -1, 0]), 0);
  assertEquals(related.own, [0, 2]);
  assertEquals(related.effects, [1, 3, 4]);
  assertEquals(related.causes, []);
});

Deno.test("a message depends on what led to it", () => {
  const { links, ...related } = relatedToMessage(indexOf(CHAIN), 4);
  assertEquals(related, { own: [4], causes: [0, 1, 3], effects: [], isWhole: true });
  assertEquals([...links.keys()].map((row) => [row, links.get(row)!.via]).sort(), [[0, 1], [1, 3], [3, 4]]);
});

Deno.test("what a node received last before it sent is the cause, not what it received before that", () => {
  const index = indexOf([
    [0, "n1", "n0", 10],
    [0, "n2", "n0", 10],
    [10, "n0", "n3", 20],
  ]);
  assertEquals(relatedToMessage(index, 1).effects, [2]);
  // It may still have had its say.
  const { causes, links } = relatedToMessage(index, 2);
  assertEquals(causes, [0, 1]);
  assertEquals(causes.map((row) => links.get(row)!.isDirect), [false, true]);
});

Deno.test("a batch that is sent later is the first news of what is in it, and later batches are not", () => {
  const index = indexOf([
    [10, "c1", "n0", 10],
    [500, "n0", "n1", 600],
    [510, "n0", "n2", 610],
    [700, "n1", "n2", 800],
    [900, "n0", "n1", 1000],
  ]);
  const { effects, links } = relatedToMessage(index, 0);
  assertEquals(effects, [1, 2]);
  assertEquals(effects.map((row) => links.get(row)), [{ via: 0, isDirect: false }, { via: 0, isDirect: false }]);
});

Deno.test("news does not travel on a message that was sent before it came, nor on one that was lost", () => {
  const index = indexOf([
    [5, "n0", "n1", 50],
    [10, "c1", "n0", 10],
    [11, "n0", "n1"],
    [60, "n0", "n1", 70],
  ]);
  assertEquals(relatedToMessage(index, 1).effects, [3]);
});

Deno.test("news that is under way when a node sends is not in what it sends", () => {
  const index = indexOf([[0, "n0", "n1", 50], [10, "n1", "n2", 60], [70, "n1", "n2", 80]]);
  assertEquals(relatedToMessage(index, 0).effects, [2]);
});

Deno.test("clients pass nothing on", () => {
  const index = indexOf([
    [10, "n0", "c1", 10],
    [10, "c1", "n1", 10],
  ]);
  assertEquals(relatedToMessage(index, 0).effects, []);
  assertEquals(relatedToMessage(index, 1).causes, []);
});

Deno.test("a real process may take some time to react, a simulated one does not", () => {
  const sends: Sent[] = [[0, "n0", "n1", 100], [600, "n1", "n0", 700], [9000, "n1", "n0", 9100]];
  const later: Sent[] = [[0, "n2", "n1", 90], ...sends.map(([a, b, c, d]): Sent => [a, b, c, d])];
  assertEquals(relatedToMessage(indexOf(later, [], false), 1).effects, [2]);
  assertEquals(relatedToMessage(indexOf(later, [], false), 3).causes, [0, 1]);
});

Deno.test("what a process sends between a request and its answer belongs to the request, however long it takes", () => {
  const sends: Sent[] = [
    [0, "c1", "n0", 0],
    [3000, "n0", "n1"],
    [90_000, "n0", "n2"],
    [90_000, "n0", "c1", 90_000, 0],
    [99_000, "n0", "n1"],
  ];
  const index = indexOf(sends, [0, -1, -1, 0], false);
  assertEquals(relatedToOperation(index, 0).effects, [1, 2]);
  assertEquals([1, 2, 4].map((row) => relatedToMessage(index, row).links.get(0)?.isDirect), [true, true, undefined]);
  // Unless something else has arrived in between.
  const between: Sent[] = [[0, "c1", "n0", 0], [10, "n2", "n0", 5000], [9000, "n0", "n1"], [9000, "n0", "c1", 9000, 0]];
  assertEquals(relatedToOperation(indexOf(between, [0, -1, -1, 0], false), 0).effects, []);
});
