/** Histories by hand of operations that overlap. */

import type { Operation } from "../../../lib/workbench/history/operation.ts";
import type { Line } from "./sequential.ts";

/**
 * A history of operations that overlap as told. The clock goes on by one second with each entry.
 *
 * @param order The places of the lines: the first time one is named it begins, the second time it is completed. Without,
 *   all begin before any is completed.
 */
export function timeline(
  lines: readonly Line[],
  order: readonly number[] = [...lines.keys(), ...lines.keys()],
): Operation[] {
  const begun = new Set<number>();
  return order.map((place, index) => {
    const [process, type, f, value, result = value] = lines[place]!;
    const common = { index, time: index * 1e9, process, f };
    if (begun.has(place)) return { ...common, type, value: result };
    begun.add(place);
    return { ...common, type: "invoke", value };
  });
}
