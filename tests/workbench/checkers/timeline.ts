/** Histories written by hand, with concurrent operations. */

import type { Operation } from "../../../lib/workbench/history/operation.ts";
import type { Line } from "./sequential.ts";

/**
 * A history of concurrent operations. Each entry is one second after the one before.
 *
 * @param order Places of lines: an operation is invoked at the first occurrence of its place, and completes at the
 *   second. By default, all are invoked before the first completes.
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
