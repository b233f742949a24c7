/**
 * Wrong programs, each with one classical mistake, and their right twins: within 50 seeds a test finds the mistake, by the anomaly that
 * names it; and in the same 50 it finds nothing wrong with the twin.
 */

import { assert, assertEquals } from "@std/assert";
import { CASES, findMistake, SEEDS, test } from "./wrong/cases.ts";

for (const each of CASES) {
  const { file, anomaly, wrong, right } = each;
  Deno.test(`${file} is caught by ${anomaly} within ${SEEDS.length} seeds`, async () => {
    const found: string[] = [];
    for (const seed of SEEDS) {
      const results = await test(wrong, each, seed);
      // It is caught for what it does, and not because it cannot run.
      assertEquals(results.exceptions, [], `seed ${seed}`);
      if (findMistake(each, results) !== undefined) return;
      found.push(...results.anomalies.map(({ type }) => type));
    }
    assert(false, `No seed has shown ${anomaly}; others were ${[...new Set(found)].join(", ") || "none"}`);
  });

  Deno.test(`${file}: its right twin passes the same ${SEEDS.length} seeds`, async () => {
    for (const seed of SEEDS) {
      const { valid, anomalies, exceptions } = await test(right, each, seed);
      assertEquals(
        { valid, exceptions },
        { valid: true, exceptions: [] },
        `seed ${seed}: ${JSON.stringify(anomalies)}`,
      );
    }
  });
}
