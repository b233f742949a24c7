import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import { workloadOf } from "../../../lib/workbench/request/infer_workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { testRecorded } from "../recorded.ts";
import { testOptions } from "../run/stand_in.ts";

/** Creates a history of successful operations: `f`, the value invoked, and the value completed. */
function historyOf(...operations: [f: string, argument: string, result: string][]) {
  return parseEDNHistory(
    operations.map(([f, argument, result]) =>
      `{:type :invoke, :process 0, :f ${f}, :value ${argument}} {:type :ok, :process 0, :f ${f}, :value ${result}}`
    ).join("\n"),
  );
}

testRecorded(
  "the workload of every recorded history is inferred from its operations",
  undefined,
  ({ history, workload }) => {
    assertEquals(workloadOf(history).name, workload);
    assertEquals(workloadOf(history, workload), WORKLOADS[workload]!);
  },
);

Deno.test("the workload is inferred from functions and values", () => {
  const add = [":add", "3", "3"] as [string, string, string];
  for (
    const [history, name] of [
      [historyOf([":generate", "nil", "7"]), "unique-ids"],
      [historyOf([":broadcast", "7", "7"]), "broadcast"],
      [historyOf(add, [":read", "nil", "[3]"]), "g-set"],
      [historyOf(add, [":read", "nil", "#{3}"]), "g-set"],
      [historyOf(add, [":read", "nil", "3"]), "g-counter"],
      [historyOf([":add", "-3", "-3"], [":read", "nil", "-3"]), "pn-counter"],
      [historyOf([":add", "3.0", "3.0"], [":read", "nil", "3.0"]), "g-counter"],
      [historyOf([":add", "-3.0", "-3.0"], [":read", "nil", "9007199254740993"]), "pn-counter"],
      [historyOf([":add", "[1.0]", "[1.0]"], [":read", "nil", "[[1.0]]"]), "g-set"],
      [historyOf([":poll", "[[:poll]]", "[[:poll {}]]"]), "kafka"],
      [historyOf([":txn", '[[:send "1" 2] [:poll]]', '[[:send "1" [0 2]] [:poll {}]]']), "kafka"],
      [historyOf([":write", "[0 1]", "[0 1]"]), "lin-kv"],
      [historyOf([":txn", "[[:r 1 nil] [:append 1 2]]", "[[:r 1 nil] [:append 1 2]]"]), "txn-list-append"],
      [historyOf([":txn", "[[:w 1 2]]", "[[:w 1 2]]"]), "txn-rw-register"],
      // Requests without values, and malformed replies.
      [historyOf([":txn", "nil", "[[:w 1 2]]"]), "txn-rw-register"],
      [historyOf([":txn", "[[:w 1 2]]", "[[:write 1 2]]"]), "txn-rw-register"],
      [historyOf([":txn", "[[:append 1 2]]", "[[[:append 1 2]]]"]), "txn-list-append"],
    ] as const
  ) {
    assertEquals(workloadOf(history).name, name);
  }
});

const TELLING = 'only "append" (lists), only "w" (registers), or "send" and "poll" (kafka) would tell';

Deno.test("if operations are ambiguous, the error asks for -w and lists all workloads", () => {
  for (
    const [history, said] of [
      [historyOf([":acquire", "nil", "nil"], [":release", "nil", "nil"]), "its functions are acquire, release"],
      [historyOf([":read", "nil", "nil"]), "its functions are read"],
      [
        historyOf([":add", "3", "3"]),
        "its functions are add, and no read succeeded: the result tells if elements or amounts were added",
      ],
      ...['"3"', "nil"].map((result) =>
        [
          historyOf([":add", "3", "3"], [":read", "nil", "3"], [":read", "nil", result]),
          `its functions are add, read, and operation 5 read ${result.replace("nil", "null")}: ` +
          "a list of elements or a number would tell",
        ] as const
      ),
      [
        historyOf([":add", "3", "3"], [":read", "nil", "3"], [":read", "nil", "[3]"]),
        "its functions are add, read, and some reads returned lists of elements, others numbers",
      ],
      [
        historyOf([":txn", "[[:r 1 nil]]", "[[:r 1 nil]]"]),
        "its functions are txn, and its transactions only read",
      ],
      [
        historyOf([":txn", "[[:read :x nil]]", "[[:read :x 0]]"]),
        'its functions are txn, and its transactions have "read" beside "r": ' + TELLING,
      ],
      [
        historyOf([":txn", "[[:w 1 2] [:append 3 4]]", "[[:w 1 2] [:append 3 4]]"]),
        'its functions are txn, and its transactions have "w", "append" beside "r": ' + TELLING,
      ],
      [
        historyOf([":txn", "[]", "7"]),
        "its functions are txn, and no transaction is a list of operations [f, key, value]",
      ],
      [parseEDNHistory("{:type :info, :process :nemesis, :f :kill}"), "it has no operations of clients"],
    ] as const
  ) {
    const list = Object.keys(WORKLOADS).join(", ");
    const message = `Cannot tell the workload of the history: ${said}; expected -w with one of ${list}`;
    assertEquals((assertThrows(() => workloadOf(history), UsageError) as Error).message, message);
  }
  assertEquals(
    workloadOf(historyOf([":txn", "[[:r 1 nil]]", "[[:r 1 nil]]"]), "txn-rw-register").name,
    "txn-rw-register",
  );
});

Deno.test("a workload with other functions is rejected, and the error suggests the right one", () => {
  const history = historyOf([":broadcast", "7", "7"], [":read", "nil", "[7]"]);
  assertThrows(
    () => workloadOf(history, "echo"),
    UsageError,
    "Cannot check broadcast, read as echo: expected only echo; did you mean -w broadcast?",
  );
  assertThrows(
    () => workloadOf(historyOf([":acquire", "nil", "nil"]), "lin-kv"),
    UsageError,
    "Cannot check acquire as lin-kv: expected only read, write, cas",
  );
});

Deno.test("a history without operations of clients may have any workload", () => {
  for (const text of ["", "{:type :info, :process :nemesis, :f :kill}"]) {
    for (const [name, workload] of Object.entries(WORKLOADS)) {
      assertEquals(workloadOf(parseEDNHistory(text), name), workload);
    }
  }
});

/** Checks writes of two keys, and reads of them: each line has the value, and other fields, of an operation. */
function checkKeyed(...operations: [f: string, invocation: string, completion: string][]) {
  const history = parseEDNHistory(
    operations.map(([f, invocation, completion]) =>
      `{:type :invoke, :process 0, :f ${f}, ${invocation}} {:type :ok, :process 0, :f ${f}, ${completion}}`
    ).join("\n"),
  );
  const { valid, keys, anomalies } = workloadOf(history).check(history, testOptions({}));
  return [valid, keys, anomalies!.map(({ explanation }) => explanation.split(":")[0])];
}

Deno.test("the keys of registers can be in a field beside the value, or in a value with fields", () => {
  const beside = (one: string, result: string) =>
    checkKeyed(
      [":write", `:key ${one}, :value 2`, `:key ${one}, :value 2`],
      [":write", ":key 2, :value 3", ":value nil"],
      [":cas", `:key ${one}, :value [2 4]`, ":value nil"],
      [":read", `:key ${one}, :value nil`, `:value ${result}`],
    );
  assertEquals(beside("1", "4"), [true, 2, []]);
  assertEquals(beside("1", "3"), [false, 2, ["Key 1 is not linearizable"]]);
  const within = (result: string) =>
    checkKeyed(
      [":write", ":value {:key 1, :value 2}", ":value {:key 1, :value 2}"],
      [":write", ":value {:key 2, :value 3}", ":value {:key 2, :value 3}"],
      [":cas", ":value {:key 1, :from 2, :to 4}", ":value {:key 1, :from 2, :to 4}"],
      [":read", ":value {:key 1}", `:value ${result}`],
    );
  assertEquals(within("{:key 1, :value 4}"), [true, 2, []]);
  assertEquals(within("4"), [true, 2, []]);
  assertEquals(within("{:key 1, :value 3}"), [false, 2, ["Key 1 is not linearizable"]]);
});

Deno.test("several keys are never taken for one register", () => {
  const [one, two] = [[":write", ":value [1 2]", ":value [1 2]"], [":write", ":value [2 3]", ":value [2 3]"]] as [
    [string, string, string],
    [string, string, string],
  ];
  const expected =
    "; expected values [key, value], [key, [from, to]] for a cas, and [key, null] for the invocation of " +
    "a read, or a field key in every invocation";
  assertThrows(
    () => checkKeyed(one, two, [":read", ":value nil", ":value [1 2]"]),
    UsageError,
    "Cannot tell the keys of the registers: the writes [1,2] and [2,3] look like keys with values, but the " +
      `invocations of reads have no key${expected}`,
  );
  assertThrows(
    () => checkKeyed([":write", ":key 1, :value 2", ":value 2"], [":read", ":value nil", ":value 2"]),
    UsageError,
    `Cannot tell the keys of the registers: operation 0 has a key, and operation 2 none${expected}`,
  );
});

Deno.test("a history of one register without keys is checked as one register", () => {
  const verdict = (...operations: Parameters<typeof historyOf>) => {
    const history = historyOf(...operations);
    const { valid, anomalies } = workloadOf(history).check(history, testOptions({}));
    return [valid, anomalies!.map(({ explanation }) => explanation.split(":")[0])];
  };
  assertEquals(verdict([":write", "1", "1"], [":cas", "[1 2]", "[1 2]"], [":read", "nil", "2"]), [true, []]);
  assertEquals(verdict([":write", "1", "1"], [":read", "nil", "2"]), [false, ["The register is not linearizable"]]);
  // Written values may look like a key and a value. The reads show that they are not.
  assertEquals(verdict([":write", "[1 2]", "[1 2]"], [":read", "nil", "[1 2]"]), [true, []]);
  assertEquals(verdict([":cas", "[1 2]", "[1 2]"]), [false, ["The register is not linearizable"]]);
  // With keys, each is a register of its own.
  assertEquals(verdict([":write", "[0 1]", "[0 1]"], [":read", "[1 nil]", "[1 nil]"]), [true, []]);
  assertEquals(verdict([":cas", "[0 [1 2]]", "[0 [1 2]]"]), [false, ["Key 0 is not linearizable"]]);
  // Knossos accepts functions that never succeed.
  const failed = parseEDNHistory("{:type :invoke :process 0 :f :read} {:type :fail :process 0 :f :read}");
  assertEquals(workloadOf([...historyOf([":write", "1", "1"]), ...failed]).mayNeverSucceed, ["read", "write", "cas"]);
});
