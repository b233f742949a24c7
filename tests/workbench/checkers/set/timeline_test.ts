import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MalformedHistoryError } from "../../../../lib/workbench/checkers/explain.ts";
import { type Element, trackElements } from "../../../../lib/workbench/checkers/set/timeline.ts";
import { parseEDNHistory } from "../../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { MOVES, play } from "./set_history.ts";

Deno.test("trackElements finds when an element was known, last present and last absent", () => {
  const history = parseEDNHistory(`
    {:process 0 :type :invoke :f :broadcast :value 7}
    {:process 1 :type :invoke :f :read}
    {:process 0 :type :ok :f :broadcast :value 7}
    {:process 1 :type :ok :f :read :value []}
    {:process 1 :type :invoke :f :read}
    {:process 2 :type :invoke :f :read}
    {:process 2 :type :ok :f :read :value [7]}
    {:process 1 :type :ok :f :read :value [7]}`);
  assertEquals(trackElements(history), {
    elements: [{ value: 7, known: history[2], lastPresent: history[5], lastAbsent: history[1] }],
    duplicated: [],
    unexpected: [],
  });
});

Deno.test("trackElements counts how often a read contains an element, and finds unexpected values", () => {
  const history = parseEDNHistory(`
    {:process 0 :type :invoke :f :add :value 7}
    {:process 0 :type :ok :f :add :value 7}
    {:process 1 :type :invoke :f :read}
    {:process 1 :type :ok :f :read :value [7]}
    {:process 1 :type :invoke :f :read}
    {:process 1 :type :ok :f :read :value [7 7 8 7]}
    {:process 1 :type :invoke :f :read}
    {:process 1 :type :ok :f :read :value [7 7 8]}`);
  const { duplicated, unexpected } = trackElements(history);
  assertEquals(duplicated, [{ value: 7, count: 3, read: history[5]! }]);
  assertEquals(unexpected, [{ value: 8, read: history[5]! }]);
});

Deno.test("trackElements takes null for the empty set", () => {
  const history = parseEDNHistory("{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read}");
  assertEquals(trackElements(history).elements, []);
});

Deno.test("trackElements refuses reads of non-lists", () => {
  const history = parseEDNHistory("{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value {:a 1}}");
  assertThrows(
    () => trackElements(history),
    MalformedHistoryError,
    'operation 1: expected a list of elements, got {"a":1}',
  );
});

/** Does what Jepsen does, in the simplest way: each read updates each element. */
function trackPlainly(history: readonly Operation[]): Element[] {
  const elements = new Map<unknown, Element>();
  const invocations = new Map<unknown, Operation>();
  const later = (a: Operation | undefined, b: Operation) => a === undefined || a.index < b.index ? b : a;
  for (const operation of history) {
    const { process, type, f, value } = operation;
    if (type === "invoke") invocations.set(process, operation);
    if (type === "invoke" && f === "add") {
      elements.set(value, { value, known: undefined, lastPresent: undefined, lastAbsent: undefined });
    }
    if (type === "ok" && f === "add") elements.get(value)!.known ??= operation;
    if (type !== "ok" || f !== "read") continue;
    const invocation = invocations.get(process)!;
    for (const element of elements.values()) {
      if ((value as unknown[]).includes(element.value)) {
        element.known ??= operation;
        element.lastPresent = later(element.lastPresent, invocation);
      } else element.lastAbsent = later(element.lastAbsent, invocation);
    }
  }
  return [...elements.values()];
}

Deno.test("trackElements agrees with a simple implementation, whatever reads return", () => {
  const changes = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 20, size: "max" });
  fc.assert(
    fc.property(MOVES, changes, (moves, changes) => {
      let reads = 0;
      const history = play(moves, (elements, draw) => {
        const change = changes[reads++ % changes.length];
        if (change === 0) return elements.filter((element) => (element + draw) % 5 !== 0);
        if (change === 1) return elements.toReversed();
        if (change === 2) return [...elements, ...elements.slice(0, 2), 1_000_000 + draw % 3];
        if (change === 3) return [...elements, elements.length + 1, elements.length + 2];
        if (change === 4) return [...elements, ...elements];
        return elements;
      });
      assertEquals(trackElements(history).elements, trackPlainly(history));
    }),
    { numRuns: 300 },
  );
});

Deno.test("trackElements agrees with a simple implementation if elements are added again", () => {
  fc.assert(fc.property(MOVES, (moves) => {
    const history = play(moves, (elements) => elements.map((element) => element % 7));
    const again = history.map((operation) => {
      return operation.f === "add" ? { ...operation, value: operation.value as number % 7 } : operation;
    });
    assertEquals(trackElements(again).elements, trackPlainly(again));
  }));
});
