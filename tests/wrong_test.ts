/**
 * Wrong programs, each with one classical mistake, and their right twins. Within 50 seeds a test must find the mistake,
 * by its anomaly, and the twin must pass the same seeds.
 */

import { assert, assertEquals } from "@std/assert";
import { CASES, findMistake, SEEDS, test } from "./wrong/cases.ts";

for (const each of CASES) {
  const { file, anomaly, wrong, right } = each;
  Deno.test(`${file} is found invalid by ${anomaly} within ${SEEDS.length} seeds`, async () => {
    const found: string[] = [];
    for (const seed of SEEDS) {
      const results = await test(wrong, each, seed);
      // The mistake must be found, not a program that crashes.
      assertEquals(results.exceptions, [], `seed ${seed}`);
      if (findMistake(each, results) !== undefined) return;
      found.push(...results.anomalies.map(({ type }) => type));
    }
    assert(false, `No seed has shown ${anomaly}; other anomalies: ${[...new Set(found)].join(", ") || "none"}`);
  });

  Deno.test(`the right twin of ${file} passes the same ${SEEDS.length} seeds`, async () => {
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
