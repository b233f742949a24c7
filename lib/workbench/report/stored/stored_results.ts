/**
 * Results that an earlier version, a person or a full disk may have written: what `check` uses of them is checked by a
 * schema.
 *
 * @module
 */

import Type, { type TSchema } from "typebox";
import { parseExactJSON } from "../../base/json.ts";
import { TOO_DEEP, tooDeepAt } from "../../history/nesting.ts";
import type { Results } from "../../run/results.ts";
import { WORKLOADS } from "../../workloads/mod.ts";
import { compileSchema } from "../../world/rpc_schema.ts";

const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const counts = Type.Object({ send_count: Type.Number(), recv_count: Type.Number(), msg_count: Type.Number() });

/** Schema of the fields that `check` and `report` use. Others are not looked at. */
const STORED = Type.Object({
  challenge: orNull(Type.String()),
  mode: orNull(Type.Union(["process", "simulation", "cluster"].map((mode) => Type.Literal(mode)))),
  seed: orNull(Type.String()),
  net: orNull(Type.Object({ all: counts, clients: counts, servers: counts })),
  result: Type.Object({ convergence_ms: Type.Optional(orNull(Type.Number())) }),
  anomalies: Type.Array(Type.Object({ type: Type.String(), count: Type.Number(), explanation: Type.String() })),
  targets: Type.Array(Type.Object({
    name: Type.Union(["msgs_per_op", "median_latency_ms", "max_latency_ms"].map((name) => Type.Literal(name))),
    limit: Type.Number(),
  })),
  judged_by: Type.Optional(Type.Object({
    nodes: orNull(Type.Array(Type.String())),
    concurrency: orNull(Type.Integer()),
    availability: Type.Union([Type.Literal("total"), Type.Number(), Type.Null()]),
    consistency_models: Type.Array(Type.String()),
  })),
  exceptions: Type.Array(Type.Object({
    type: Type.String(),
    node: Type.Optional(Type.String()),
    message: Type.String(),
    count: Type.Number(),
    fatal: Type.Optional(Type.Boolean()),
  })),
  command: Type.Optional(Type.String()),
  related: Type.Optional(Type.Object({
    role: Type.Union([Type.Literal("smaller"), Type.Literal("original")]),
    folder: orNull(Type.String()),
    command: Type.String(),
    changes: Type.Array(Type.String()),
  })),
  interrupted: Type.Optional(Type.Boolean()),
  decided_by: Type.Optional(Type.Union([Type.Literal("strict"), Type.Literal("maelstrom")])),
});

let problemOf: ReturnType<typeof compileSchema> | undefined;

/**
 * Parses the content of a `results.json`.
 *
 * @throws {SyntaxError} It is not JSON, not the results of a run, or damaged. The message says which.
 */
export function parseStoredResults(text: string): Results {
  const results = parseStored(text) as Results | null;
  if (results?.schema !== 1 || typeof results.workload !== "string" || !Object.hasOwn(WORKLOADS, results.workload)) {
    throw new SyntaxError("it is not the result of a run");
  }
  problemOf ??= compileSchema(STORED, "results");
  const problem = problemOf(results);
  if (problem !== undefined) throw new SyntaxError(`it is damaged: ${problem}`);
  return results;
}

function parseStored(text: string): unknown {
  if (tooDeepAt(text) !== undefined) throw new SyntaxError(`it is damaged: ${TOO_DEEP}`);
  try {
    return parseExactJSON(text);
  } catch (error) {
    throw new SyntaxError(`it is not JSON (${(error as Error).message})`);
  }
}
