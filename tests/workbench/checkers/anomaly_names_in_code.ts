/** Names of findings in the code of the workbench. */

/** Patterns of names: arguments of certain functions, and a `type` before the other fields of a finding. */
const PATTERNS = {
  anomaly: [
    /\b(?:explainCases|found|skips|reversals)\(\s*"([^"]+)"/g,
    /\btype: "([^"]+)",\s+count: \d+,\s+explanation\b/g,
    /\btype: "([^"]+)",\s+count: [^,]+, explanation\b/g,
  ],
  exception: [
    /\btype: "([^"]+)",\s+(?:node\b[^,]*,\s+)?message\b[^;]{0,250}?\bcount\b/g,
    /\? "([^"]+)" : "client-crashed"/g,
    /Failure\("([^"]+-failed)", member\b/g,
    /: "(client-crashed)"/g,
    /const NOT_STORED = "([^"]+)"/g,
  ],
} as const;

const WORKBENCH = new URL("../../../lib/workbench/", import.meta.url);

/** Returns the names that the code gives to anomalies or exceptions. */
export function namesInCode(kind: keyof typeof PATTERNS): Set<string> {
  const names = new Set<string>();
  for (const file of filesBelow(WORKBENCH)) {
    // Examples in comments name anomalies that may not exist.
    const code = Deno.readTextFileSync(file).replace(/^ *\*.*$/gm, "");
    for (const pattern of PATTERNS[kind]) {
      for (const [, type] of code.matchAll(pattern)) names.add(type!);
    }
  }
  return names;
}

function filesBelow(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(new URL(`${name}/`, folder)) : [new URL(name, folder)]
  );
}

/** True for Elle's names of cycles that need predicates; no checker here finds them. */
export function isOfPredicates(type: string): boolean {
  return /^G(-single|-nonadjacent|2)(-process|-realtime)?$/.test(type);
}
