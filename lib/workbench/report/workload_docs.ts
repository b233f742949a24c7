/**
 * Generates `docs/workloads.md`, the reference of the workloads' messages, from the schemas that check them:
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

/** Width of a line, as for `deno fmt`. */
const LINE_WIDTH = 120;

const INTRODUCTION = [
  "The messages between clients and nodes, by workload. They are those of Maelstrom. This page is generated from " +
  "the schemas with which the workbench checks each body (`lib/workbench/report/workload_docs.ts`).",
  "The `in_reply_to` of a reply is the `msg_id` of its request. Its type is that of the request with `_ok`, or " +
  "`error`. `any` is any JSON value, an `integer` may have any number of digits, and `?` marks an optional field. If " +
  "the type of a list allows `null`, that stands for an empty list. A field that is not listed makes a body malformed.",
  'Every request may be answered with an error, `{ type: "error", code: integer, text?: string }`. If the error is ' +
  "indefinite, or if no reply comes in time, it is unknown whether the request took effect.",
];

/**
 * Formats the reference as Markdown.
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

/** Breaks text into lines, but not inside code. */
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
