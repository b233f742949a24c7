/**
 * The files of a new project.
 *
 * @module
 */

import denoJSON from "../../../../deno.json" with { type: "json" };
import { shellWord } from "../../request/command_line.ts";

const { name: LIBRARY, version } = denoJSON;

/** A file of a new project. */
export interface ProjectFile {
  /** Path below the project's folder. */
  path: string;
  text: string;
  /** True if it is a program. `@default false` */
  isExecutable?: boolean;
}

/** Facts about a new project. */
export interface Project {
  workload: string;
  /** Text of the node's template. */
  template: string;
  /** Path of the workbench, relative to the project's folder. */
  workbench: string;
  /** Absolute path of the workbench. */
  root: string;
  /** Address from which the workbench was cloned; undefined if there is none. */
  origin: string | undefined;
  /** Place of the project in a repository around it; undefined if there is none. */
  place: Place | undefined;
}

/** Place of a project below the root of a repository. */
export interface Place {
  /** Absolute path of the repository. */
  repository: string;
  /** Path of the project in it. */
  prefix: string;
}

/** The tests of a node by workload: what a client asks, and what it expects. */
export const TESTS: Readonly<Record<string, readonly string[]>> = {
  "echo": [
    `const { echo } = await client.rpc("n0", { type: "echo", echo: "hello" });`,
    `assert.equal(echo, "hello");`,
  ],
  "unique-ids": [
    `const first = await client.rpc("n0", { type: "generate" });`,
    `const second = await client.rpc("n0", { type: "generate" });`,
    `assert.notEqual(first.id, second.id);`,
  ],
  "broadcast": [
    `await client.rpc("n0", { type: "broadcast", message: 7 });`,
    `const { messages } = await client.rpc("n0", { type: "read" });`,
    `assert.deepEqual(messages, [7]);`,
  ],
  "g-set": [
    `await client.rpc("n0", { type: "add", element: 7 });`,
    `const { value } = await client.rpc("n0", { type: "read" });`,
    `assert.deepEqual(value, [7]);`,
  ],
  "g-counter": counterTest(4),
  "pn-counter": counterTest(-4),
  "kafka": [
    `const { offset } = await client.rpc("n0", { type: "send", key: "k1", msg: 7 });`,
    `const { msgs } = await client.rpc("n0", { type: "poll", offsets: { k1: 0 } });`,
    `assert.deepEqual(msgs, { k1: [[offset, 7]] });`,
  ],
  "lin-kv": [
    `await client.rpc("n0", { type: "write", key: 1, value: 3 });`,
    `await client.rpc("n0", { type: "cas", key: 1, from: 3, to: 4 });`,
    `const { value } = await client.rpc("n0", { type: "read", key: 1 });`,
    `assert.equal(value, 4);`,
  ],
  "lin-kv-only": [
    `await client.rpc("n0", { type: "write", key: 1, value: 3 });`,
    `const { value } = await client.rpc("n0", { type: "read", key: 1 });`,
    `assert.equal(value, 3);`,
  ],
  "lock": [
    `await client.rpc("n0", { type: "lock" });`,
    `await assert.rejects(() => world.client().rpc("n0", { type: "lock" }));`,
    `await client.rpc("n0", { type: "unlock" });`,
  ],
  "txn-rw-register": transactionTest("w", 5),
  "txn-list-append": transactionTest("append", [5]),
};

function counterTest(delta: number): string[] {
  return [
    `await client.rpc("n0", { type: "add", delta: 3 });`,
    `await client.rpc("n0", { type: "add", delta: ${delta} });`,
    `const { value } = await client.rpc("n0", { type: "read" });`,
    `assert.equal(value, ${3 + delta});`,
  ];
}

function transactionTest(f: string, read: unknown): string[] {
  return [
    `await client.rpc("n0", { type: "txn", txn: [["${f}", 1, 5]] });`,
    `const { txn } = await client.rpc("n0", { type: "txn", txn: [["r", 1, null]] });`,
    `assert.deepEqual(txn, [["r", 1, ${JSON.stringify(read)}]]);`,
  ];
}

/** Templates that are not named after the workload. */
const TEMPLATES: Readonly<Record<string, string>> = {
  "g-counter": "counter",
  "pn-counter": "counter",
  "lin-kv-only": "lin_kv",
};

/** Name of the template for a workload. */
export function templateOf(workload: string): string {
  return TEMPLATES[workload] ?? workload.replaceAll("-", "_");
}

/** Lists the files of a project. */
export function projectFiles(project: Project): ProjectFile[] {
  return [
    { path: "node.ts", text: nodeModule(project) },
    { path: "node_test.ts", text: testModule(project) },
    { path: "node.sh", text: wrapper(project), isExecutable: true },
    { path: "deno.json", text: configuration(project) },
    { path: ".gitignore", text: "store/\n" },
    { path: ".github/workflows/test.yml", text: workflow(project) },
  ];
}

/** The template, with imports of the library by its name. */
function nodeModule({ template }: Project): string {
  return template
    .replaceAll(/"[./]+\/messages\.ts"/g, JSON.stringify(`${LIBRARY}/messages`))
    .replaceAll(/"[./]+\/mod\.ts"/g, JSON.stringify(LIBRARY));
}

function testModule({ workload }: Project): string {
  return `import assert from "node:assert/strict";
import { simulate } from "${LIBRARY}/simulate";
import program from "./node.ts";

Deno.test("the node answers", async () => {
  const world = simulate({ program, nodes: 1 });
  const client = world.client();
${TESTS[workload]!.map((line) => `  ${line}\n`).join("")}});
`;
}

function wrapper({ root }: Project): string {
  return `#!/bin/sh
# Runs node.ts as a process: the program for --bin, here and under the real Maelstrom.
folder=$(dirname -- "$(readlink -f -- "$0")")
deno=\${DENO:-$(command -v deno || echo ${shellWord(`${root}/.deno/deno`)})}
exec "$deno" run --quiet --no-prompt --config "$folder/deno.json" "$folder/node.ts" "$@"
`;
}

/**
 * The library is found in the workbench's folder. Without `links` it would be that of the registry. With a
 * `package.json` beside it, Deno would look for the library's own packages in a `node_modules` that does not have them.
 */
function configuration({ workbench }: Project): string {
  const imports = { [LIBRARY]: `jsr:${LIBRARY}@^${version}` };
  return `${JSON.stringify({ imports, links: [workbench], nodeModulesDir: "none" }, null, 2)}\n`;
}

/** The steps are JSON strings, which are YAML, too: a word that is quoted for a shell may begin a command. */
function workflow({ workbench, workload, origin, place }: Project): string {
  const folder = shellWord(workbench);
  const script = shellWord(`${workbench}/maelstrom.sh`);
  const commands = [
    // The folder may exist: a project can be inside of the workbench.
    `git init ${folder} && git -C ${folder} pull --depth 1 ${shellWord(addressOf(origin))}`,
    `${script} deno test`,
    `${script} test -w ${workload} --bin node.ts --node-count 1 --sim --seeds 20`,
  ];
  const defaults = place === undefined ? "" : `defaults:
  run:
    working-directory: ${JSON.stringify(place.prefix)}
`;
  return `# Tests the node, and simulates its workload with twenty seeds.
# The workbench is its newest commit; for another one, write its tag or commit after the address.
name: test
on: [push, pull_request]
${defaults}jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
${commands.map((command) => `      - run: ${JSON.stringify(command)}\n`).join("")}`;
}

/** The address of the workbench, without the user and the password that it may contain: a project is published. */
function addressOf(origin = "ADDRESS-OF-THE-WORKBENCH"): string {
  return origin.replace(/^(https?:\/\/)[^/]*@/, "$1");
}
