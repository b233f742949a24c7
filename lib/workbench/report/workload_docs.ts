/**
 * The reference of the workloads' messages, `docs/workloads.md`, made from the schemas that the messages are checked against:
 *
 * ```sh
 * deno run --allow-write=docs lib/workbench/report/workload_docs.ts
 * ```
 *
 * @module
 */

import { fieldsOf, replySchema, requestSchema, type RPC } from "../world/rpc_schema.ts";
import type { Workload } from "../workloads/workload.ts";
import { WORKLOADS } from "../workloads/mod.ts";

/** How wide a line of text is, as for `deno fmt`. */
const LINE_WIDTH = 120;

const INTRODUCTION = [
  "The messages between clients and nodes, workload by workload: they are those of Maelstrom. This page is made from the schemas by " +
  "which the workbench checks each body (`lib/workbench/report/workload_docs.ts`).",
  "A reply has the request's `msg_id` as its `in_reply_to`, and its type is the request's with `_ok`, or `error`. `any` is any JSON " +
  "value, `?` marks a field that may be left out. Where a list is expected, `null` stands for an empty one if the type says so. A field " +
  "that is not listed makes a body malformed.",
  'Any request may be answered with an error, `{ type: "error", code: integer, text: string }`. Where a request is answered with an ' +
  "error that does not say for sure that nothing happened, or is not answered in time, nobody knows whether it took effect.",
];

/**
 * Writes the reference as Markdown.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { WORKLOADS } from "../workloads/mod.ts";
 * import { workloadDocs } from "./workload_docs.ts";
 *
 * assert(workloadDocs([WORKLOADS.echo!]).includes("## echo"));
 * ```
 */
export function workloadDocs(workloads: readonly Workload[]): string {
  const contents = workloads.map(({ name }) => `- [${name}](#${name})`).join("\n");
  const sections = ["# Workloads", ...INTRODUCTION.map(wrap), contents, ...workloads.flatMap(workloadSections)];
  return `${sections.join("\n\n")}\n`;
}

function workloadSections({ name, doc, rpcs }: Workload): string[] {
  return [`## ${name}`, wrap(doc), ...rpcs.flatMap(rpcSections)];
}

function rpcSections(rpc: RPC): string[] {
  const types = [typeText("Request", requestSchema(rpc)), typeText("Reply", replySchema(rpc))].join("\n\n");
  return [`### ${rpc.type}`, wrap(rpc.doc), `\`\`\`ts ignore\n${types}\n\`\`\``];
}

function typeText(name: string, schema: object): string {
  const fields = fieldsOf(schema).map(({ text, description }) =>
    description === undefined ? `  ${text};` : `  /** ${description} */\n  ${text};`
  );
  return [`type ${name} = {`, ...fields, "};"].join("\n");
}

/** Breaks text into lines, but never inside of code. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join("\n");
}

if (import.meta.main) {
  Deno.writeTextFileSync("docs/workloads.md", workloadDocs(Object.values(WORKLOADS)));
}
