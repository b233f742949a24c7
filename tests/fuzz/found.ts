/**
 * Cases that have failed, by target, so that each round tries them first.
 *
 * @module
 */

import type { Step } from "./program_target.ts";
import type { DamagedCase, EqualCase } from "./reader_target.ts";

/** Step that changes nothing. */
const STEP: Step = {
  kind: "reply",
  early: false,
  wait: 0,
  to: 0,
  from: 0,
  base: 0,
  mutations: [],
  id: undefined,
  text: "",
};

/** Two ways to write a history: as JSON and as EDN. */
const ONE = { edn: false, separator: "\n", reversed: false, bare: false, vector: false, compressed: false, piece: 1 };
const OTHER = { ...ONE, edn: true };

const PROGRAMS: Record<string, [Step[], number][]> = {
  // A node took a malformed reply to a failed compare-and-set for a success.
  "kafka-lin-kv": [[
    [
      { ...STEP, kind: "client", wait: 300 },
      STEP,
      { ...STEP, to: 6 },
      STEP,
    ],
    923,
  ]],
  // A lie of a peer in the form of a reply: the fuzzer was at fault.
  "broadcast": [[
    [
      {
        ...STEP,
        kind: "peer",
        base: 17,
        mutations: [{ path: [4], change: "add", name: "__proto__", text: "null" }],
        id: "-1",
      },
      { ...STEP, kind: "client", early: true },
    ],
    694,
  ]],
};

const READERS: Record<string, [EqualCase | DamagedCase][]> = {
  // The text of an error was an object that cannot be converted to a string.
  "check-damaged": [[{
    recipe: {
      workload: "lock",
      seed: 0,
      count: 13,
      changes: [{
        at: 71,
        valueOnly: false,
        mutations: [
          { path: [0], change: "remove", name: "__proto__", text: "null" },
          { path: [5], change: "remove", name: "__proto__", text: "null" },
          { path: [9, 7], change: "replace", name: "__proto__", text: '{"toString":null}' },
        ],
      }],
    },
    style: ONE,
    damage: [],
    flags: [],
    isFolder: false,
    besides: [],
  }]],
  // The fuzzer wrote floats as maps in EDN.
  "check-equal": [[{
    recipe: {
      workload: "unique-ids",
      seed: 0,
      count: 2,
      changes: [{
        at: 91,
        valueOnly: false,
        mutations: [{ path: [], change: "replace", name: "", text: "8.345481975499484e+37" }],
      }],
    },
    one: ONE,
    other: OTHER,
  }]],
};

/** The arguments of the property, by the name of the target. */
export const FOUND: Readonly<Record<string, unknown[][]>> = { ...PROGRAMS, ...READERS };
