import type { decodeMessages } from "../../../../lib/workbench/report/page/run_data.js";

/** Messages with plain lists instead of typed arrays and functions, so that they can be compared. */
export function rowsOf({ bodyOf, ...messages }: ReturnType<typeof decodeMessages>): Record<string, unknown> {
  const lists = Object.entries(messages).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value,
  ]);
  return { ...Object.fromEntries(lists), body: Array.from({ length: messages.count }, (_, row) => bodyOf(row)) };
}
