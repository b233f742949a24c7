/**
 * Workload lin-kv-only: lin-kv without compare-and-set.
 *
 * Source: <https://github.com/jepsen-io/maelstrom/pull/96>, which proposes it for those who build their own
 * consensus: reads and writes need no versions.
 *
 * @module
 */

import { filter } from "./generator.ts";
import { linKVWorkload } from "./lin_kv.ts";
import type { Workload } from "./workload.ts";

/** Workload lin-kv-only. */
export const linKVOnlyWorkload: Workload = {
  ...linKVWorkload,
  name: "lin-kv-only",
  doc: "A linearizable key-value store as in lin-kv, but clients only read and write. With `--services none`, nodes " +
    "have to agree without the help of a service. Maelstrom does not have this workload.",
  rpcs: linKVWorkload.rpcs.filter(({ type }) => type !== "cas"),
  generator: (options, random) => filter(({ f }) => f !== "cas", linKVWorkload.generator(options, random)),
};
