/** A round of the fuzzer for the programs, always with the same seed: `deno task fuzz` draws others. */

import { testTargets } from "./targets.ts";

testTargets((name) => !name.startsWith("check-"));
