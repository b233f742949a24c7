import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nearMatch } from "../../../lib/workbench/base/near_match.ts";

const NAMES = ["broadcast", "echo", "g-counter", "kafka", "txn", "unique-ids"];

Deno.test("nearMatch() finds a word with each kind of typing error", () => {
  assertEquals(nearMatch("kafkaa", NAMES), "kafka");
  assertEquals(nearMatch("kfka", NAMES), "kafka");
  assertEquals(nearMatch("kavka", NAMES), "kafka");
  assertEquals(nearMatch("kakfa", NAMES), "kafka");
  assertEquals(nearMatch("KAFKA", NAMES), "kafka");
});

Deno.test("nearMatch() finds an abbreviated word", () => {
  assertEquals(nearMatch("uni", NAMES), "unique-ids");
  assertEquals(nearMatch("g-c", NAMES), "g-counter");
});

Deno.test("nearMatch() finds nothing if nothing is near", () => {
  assertEquals(nearMatch("paxos", NAMES), undefined);
  assertEquals(nearMatch("z", NAMES), undefined);
  assertEquals(nearMatch("", NAMES), undefined);
  assertEquals(nearMatch("echo", []), undefined);
});

Deno.test("nearMatch() prefers the nearest", () => {
  assertEquals(nearMatch("tree5", ["total", "tree23", "tree2"]), "tree2");
  assertEquals(nearMatch("3f", ["3d", "3e"]), "3d", "the first of equals");
});

Deno.test("nearMatch() finds any longer word with two adjacent letters swapped", () => {
  fc.assert(fc.property(
    fc.constantFrom("broadcast", "g-counter", "unique-ids", "consistency-models"),
    fc.nat(),
    (name, draw) => {
      const at = draw % (name.length - 1);
      const slip = name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2);
      assert(nearMatch(slip, ["broadcast", "g-counter", "unique-ids", "consistency-models"]) === name);
    },
  ));
});
