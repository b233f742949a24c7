import type { OperationColumns } from "../../../../lib/workbench/report/html/report_data.ts";
import type { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";
import type { unpackOperations } from "../../../../lib/workbench/report/page/unpack.js";

/** Messages with plain lists instead of typed arrays and functions, so that they can be compared. */
export function rowsOf({ bodyOf, ...messages }: ReturnType<typeof decodeMessages>): Record<string, unknown> {
  const lists = Object.entries(messages).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value,
  ]);
  return { ...Object.fromEntries(lists), body: Array.from({ length: messages.count }, (_, row) => bodyOf(row)) };
}

/** Operations with their texts as lists, as they were before packing. */
export function columnsOf(
  { argumentOf, resultOf, ...columns }: ReturnType<typeof unpackOperations>,
): OperationColumns {
  const { f } = columns;
  return { ...columns, argument: f.map((_, row) => argumentOf(row)), result: f.map((_, row) => resultOf(row)) };
}
