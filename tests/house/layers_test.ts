import { assertEquals } from "@std/assert";
import { COMPUTED, filesBelow, findCircles, type Import, importsIn, importsOf } from "./imports.ts";

/** The folders of the workbench: each imports only from itself and from those that come after it. */
const LAYERS = [
  "cli",
  "search",
  "report",
  "engines",
  "request",
  "run",
  "workloads",
  "checkers",
  "world",
  "history",
  "base",
];

const readable = (await Deno.permissions.query({ name: "read" })).state === "granted";

function test(name: string, fn: () => void): void {
  Deno.test({ name, ignore: !readable, fn });
}

test("every folder of the workbench is in the list of layers", () => {
  const folders = filesBelow("lib/workbench").map((file) => file.split("/")[2]!);
  assertEquals([...new Set(folders)].sort(), LAYERS.toSorted());
});

test("folders of the workbench import downward only", () => {
  assertEquals(filesBelow("lib/workbench").flatMap(importsOf).filter(pointsUp).map(show), []);
});

test("there are no import cycles", () => {
  const files = ["lib", "challenges"].flatMap((folder) => filesBelow(folder));
  assertEquals(findCircles([...files, "mod.ts"].flatMap(importsOf)), []);
});

test("the runtime and the challenges import nothing beyond themselves and @std, but for NATS and etcd", () => {
  const foreign = (own: RegExp) => ({ to }: Import) => !own.test(to);
  const runtime = filesBelow("lib", { recursive: false });
  assertEquals(runtime.flatMap(importsOf).filter(foreign(/^(lib\/\w+\.ts$|@std\/)/)).map(show), []);
  const onCluster = filesBelow("lib/cluster").flatMap(importsOf);
  assertEquals(onCluster.filter(foreign(/^(lib\/(cluster\/)?\w+\.ts$|@std\/)/)).map(show), [
    "lib/cluster/etcd.ts imports node:buffer",
    "lib/cluster/nats_connection.ts imports @nats-io/transport-node",
    "lib/cluster/nats_link.ts imports @nats-io/transport-node",
    "lib/cluster/nats_socket.ts imports node:net",
    "lib/cluster/nats_socket.ts imports node:tls",
    "lib/cluster/nats_transport.ts imports node:dns/promises",
    "lib/cluster/nats_transport.ts imports @nats-io/transport-node",
    "lib/cluster/tls_files.ts imports node:crypto",
  ]);
  const programs = filesBelow("challenges").flatMap(importsOf);
  assertEquals(programs.filter(foreign(/^(mod\.ts$|lib\/\w+\.ts$|challenges\/|@std\/)/)).map(show), []);
});

test("the workbench imports no challenge", () => {
  assertEquals(filesBelow("lib").flatMap(importsOf).filter(({ to }) => to.startsWith("challenges/")).map(show), []);
});

test("only the loaders of programs import a module whose name is an expression", () => {
  const computed = filesBelow("lib").flatMap(importsOf).filter(({ to }) => to === COMPUTED);
  const loader = "lib/workbench/world/hosts/in_process";
  const files = ["lib/workbench/world/cluster/node.ts", `${loader}/instances/mod.ts`, `${loader}/program_module.ts`];
  assertEquals([...new Set(computed.map(({ from }) => from))].sort(), files);
});

Deno.test("importsIn() finds imports of all kinds, wherever they are", () => {
  const names = (code: string) => importsIn(code, "lib/run/a.ts").map(({ to }) => to);
  assertEquals(names('import { a } from "../cli/b.ts";\nimport "@std/c";\n'), ["lib/cli/b.ts", "@std/c"]);
  assertEquals(names('export * from "./b.ts";\nexport { c } from "./c.ts";\n'), ["lib/run/b.ts", "lib/run/c.ts"]);
  assertEquals(names('import type { A } from "./b.ts";\nlet c: import("./c.ts").C;\n'), [
    "lib/run/b.ts",
    "lib/run/c.ts",
  ]);
  assertEquals(names('/** x */ import { a } from "../cli/b.ts";\n/** y */\n'), ["lib/cli/b.ts"]);
  assertEquals(names('const a = "/*"; import /* z */ { b } from /* z */ "./b.ts"; // */\n'), ["lib/run/b.ts"]);
  assertEquals(names('await import("./b.ts");\nawait import(`./c.ts`);\nawait import(url);\n'), [
    "lib/run/b.ts",
    COMPUTED,
    COMPUTED,
  ]);
});

Deno.test("importsIn() leaves out comments, strings and exports of what the file declares", () => {
  const code = '/** x */ // import "./a.ts";\n/* import "./b.ts"; */ const c = `import "./c.ts";`;\nexport { c };\n';
  assertEquals(importsIn(code, "lib/run/a.ts"), []);
});

Deno.test("findCircles() finds a cycle, without the files that only lead to it", () => {
  const edges = [["a", "b"], ["b", "c"], ["c", "b"], ["c", "d"]].map(([from, to]) => ({ from: from!, to: to! }));
  assertEquals(findCircles(edges), [["b", "c"]]);
  assertEquals(findCircles(edges.filter(({ from }) => from !== "c")), []);
});

function layerOf(path: string): number {
  return path.startsWith("lib/workbench/") ? LAYERS.indexOf(path.split("/")[2]!) : Infinity;
}

function pointsUp({ from, to }: Import): boolean {
  return layerOf(to) < layerOf(from);
}

function show({ from, to }: Import): string {
  return `${from} imports ${to}`;
}
