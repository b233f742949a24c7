/**
 * Names of the nodes, from the flags that give their number or their names.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { escapeControls, isPlainName, PLAIN_NAME, show } from "../base/text.ts";
import { isReservedName } from "../world/services/mod.ts";
import type { Files } from "./files.ts";
import type { FlagValues } from "./flags.ts";

/** Jepsen's names, if there is no flag. */
const DEFAULT_NODES = ["n1", "n2", "n3", "n4", "n5"];

/**
 * Lists the names of the nodes, as Jepsen does: `--node-count` wins; otherwise those of `--nodes-file`, `--nodes` and
 * `--node` are joined.
 *
 * @throws {UsageError} A name is not plain, is reserved or occurs twice, or the file has none.
 */
export function nodeNames(values: FlagValues, files: Pick<Files, "readTextFile">): string[] {
  const count = values["node-count"];
  if (count !== undefined) return Array.from({ length: count }, (_, index) => `n${index}`);
  const file = values["nodes-file"];
  const named = [...file === undefined ? [] : readNames(file, files), ...values.nodes ?? [], ...values.node ?? []];
  const nodes = named.length === 0 ? DEFAULT_NODES : named;
  checkNodeNames(nodes);
  return nodes;
}

/**
 * Checks the names of nodes.
 *
 * @throws {UsageError} A name is not plain, is reserved or occurs twice.
 */
export function checkNodeNames(nodes: readonly string[]): void {
  // The name of a node is also that of its log, and must not lead to another folder.
  const odd = nodes.find((node) => !isPlainName(node));
  if (odd !== undefined) {
    throw new UsageError(`Cannot name a node ${escapeControls(show(odd))}: expected ${PLAIN_NAME}`);
  }
  const reserved = nodes.find((node) => isReservedName(node) || isMaelstromClient(node));
  if (reserved !== undefined) {
    const rule = "a name that is not a service's and does not begin with c, as those of clients do";
    throw new UsageError(`Cannot name a node ${reserved}: expected ${rule}`);
  }
  const repeated = nodes.find((node, index) => nodes.indexOf(node) !== index);
  if (repeated !== undefined) throw new UsageError(`Cannot name two nodes ${repeated}: expected different names`);
}

/** True if Maelstrom treats a name as that of a client: it only looks at the first letter. */
function isMaelstromClient(name: string): boolean {
  return name.startsWith("c");
}

function readNames(path: string, files: Pick<Files, "readTextFile">): string[] {
  let text: string;
  try {
    text = files.readTextFile(path);
  } catch {
    throw new UsageError(`Cannot read --nodes-file ${path}: expected a file with a node's name on each line`);
  }
  const names = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (names.length === 0) {
    throw new UsageError(`Cannot use --nodes-file ${path}: it is empty, expected a node's name on each line`);
  }
  return names;
}
