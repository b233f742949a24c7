/**
 * Growth of the cost with the number of nodes, in simulation: `deno run -A bench/growth.ts` writes `docs/growth.md` and
 * its charts. Each case runs in a process of its own, with a time limit of ten minutes. The table says which cases
 * exceed it.
 */

import { ROOT } from "../lib/workbench/cli/root.ts";
import { fewestMessages } from "./bounds.ts";
import { type Axis, type Chart, drawChart, type Point, type Series, type Tone } from "./chart.ts";
import { formatMessages } from "./measure/figures.ts";
import { formatMarkdownTable, formatParagraph } from "./measure/markdown.ts";
import { latencyOf, simulateTraffic, type Traffic } from "./measure/traffic.ts";

/** One configuration of a challenge, run with several numbers of nodes. */
interface Family {
  name: string;
  tone: Tone;
  id: string;
  args?: readonly string[];
  /** Numbers of nodes. */
  nodes: readonly number[];
  /** Longest time until a value is on every node by design, ms. */
  delay: number;
}

const BROADCASTS: readonly Family[] = [
  { name: "mesh", tone: "green", id: "3d", nodes: [5, 25, 100], delay: 100 },
  { name: "hub, 850 ms", tone: "blue", id: "3e", nodes: [5, 25, 100, 1000], delay: 1065 },
];
const LOGS: readonly Family[] = [
  { name: "log (5c)", tone: "blue", id: "5c", nodes: [2, 5, 25], delay: 50 },
  { name: "transactions (6c)", tone: "orange", id: "6c", nodes: [2, 5, 25], delay: 50 },
];

const SEED = "growth";
/** Time limit of a case, ms. */
const CASE_TIMEOUT = 600_000;

/** A family at one number of nodes. */
interface Case {
  family: Family;
  nodes: number;
  /** Undefined if the case exceeded its time limit. */
  traffic?: Traffic;
}

/** Length of the main phase, seconds; shorter with very many nodes, which are slow to simulate. */
function secondsOf(nodes: number): number {
  return nodes < 500 ? 20 : 5;
}

async function simulate({ id, args }: Family, nodes: number): Promise<Traffic> {
  return await simulateTraffic({ id, flags: ["--node-count", String(nodes)], args }, secondsOf(nodes), SEED);
}

/** Simulates a case in a process of its own. */
async function measure(family: Family, nodes: number): Promise<Case> {
  const begin = performance.now();
  const args = ["run", "-A", `${ROOT}/bench/growth.ts`, "--case", family.name, String(nodes)];
  const signal = AbortSignal.timeout(CASE_TIMEOUT);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit", signal }).output();
  if (!success && !signal.aborted) throw new Error(`Cannot simulate ${family.name} with ${nodes} nodes: see above`);
  const traffic: Traffic | undefined = success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
  if (traffic !== undefined && traffic.valid !== true) {
    throw new Error(`Cannot show ${family.name} with ${nodes} nodes: its result is not valid`);
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  Deno.stderr.writeSync(new TextEncoder().encode(`${family.name}, ${nodes} nodes: ${seconds} s\n`));
  return { family, nodes, traffic };
}

/** Computes the lower bound on messages an operation for a case. */
function boundOf({ family, nodes }: Case, { perOperation, perSecond, writes }: Traffic): number {
  const { delay } = family;
  const messages = fewestMessages({ nodes, delay, latency: latencyOf(family), rate: writes });
  return messages / perSecond * perOperation;
}

/** A column of a table: its heading, and the cell of a case. */
type FigureColumn = readonly [heading: string, cell: (traffic: Traffic, each: Case) => string];

const MESSAGES: readonly FigureColumn[] = [
  ["messages an operation", ({ perOperation }) => formatMessages(perOperation)],
  ["lower bound", (traffic, each) => formatMessages(boundOf(each, traffic))],
  ["times that", (traffic, each) => (traffic.perOperation / boundOf(each, traffic)).toFixed(1)],
];

const LATENCIES: readonly FigureColumn[] = [
  ["median, ms", ({ median }) => median!.toFixed(0)],
  ["slowest, ms", ({ max }) => max!.toFixed(0)],
];

const BUSIEST_NODE: readonly FigureColumn[] = [
  ["busiest node, messages a second", ({ busiest }) => busiest.toFixed(busiest < 10 ? 1 : 0)],
  ["kB a second", ({ kilobytes }) => kilobytes.toFixed(0)],
  ["of a core", ({ share }) => `${(100 * share).toFixed(1)} %`],
];

function table(cases: readonly Case[], columns: readonly FigureColumn[]): string {
  const rows = cases.map((each) => {
    const { family, nodes, traffic } = each;
    const cells = traffic === undefined
      ? ["took too long", ...columns.slice(1).map(() => "")]
      : columns.map(([, cell]) => cell(traffic, each));
    return [family.name, nodes.toLocaleString("en"), ...cells];
  });
  const headings = ["nodes", ...columns.map(([heading]) => heading)];
  return formatMarkdownTable([["how"], ...headings.map((heading) => [heading, "right"] as const)], rows);
}

/** Creates a series for each family: a figure by the number of nodes. */
function seriesOf(cases: readonly Case[], figure: (traffic: Traffic, each: Case) => number): Series[] {
  return [...Map.groupBy(cases, ({ family }) => family)].map(([{ name, tone }, group]) => ({
    name,
    tone,
    line: "solid",
    points: group.flatMap((each): Point[] =>
      each.traffic === undefined ? [] : [{ x: each.nodes, y: figure(each.traffic, each) }]
    ),
  }));
}

function withBounds(cases: readonly Case[]): Series[] {
  const bounds = seriesOf(cases, (traffic, each) => boundOf(each, traffic));
  return [
    ...seriesOf(cases, ({ perOperation }) => perOperation),
    ...bounds.map((series): Series => ({
      ...series,
      name: `fewest for ${series.name}`,
      line: "dashed",
      mark: "none",
    })),
  ];
}

/** Creates a chart whose axes fit all points. */
function chart(title: string, label: string, series: readonly Series[]): Chart {
  const points = series.flatMap(({ points }) => points);
  const counts = [...new Set(points.map(({ x }) => x))];
  return {
    title,
    x: { label: "nodes", domain: around(counts), ticks: counts },
    y: axis(label, points.map(({ y }) => y)),
    series,
  };
}

function axis(label: string, values: readonly number[]): Axis {
  const [low, high] = around(values);
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => [1, 2, 5].map((digit) => digit * 10 ** (from + i)));
  return { label, domain: [low, high], ticks: ticks.flat().filter((tick) => tick >= low && tick <= high) };
}

/** Computes a domain with a margin at both ends. */
function around(values: readonly number[]): [number, number] {
  return [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
}

const BOUND =
  `The lower bound holds for any program. When a value arises on one node, a message must be sent to each other node
  within the allowed delay minus the latency of a message. It may carry any number of values, but none that arises
  later: the next value needs a new message. Between two messages to one node there are, on average, at most
  \`D - L + 1/r\`: the delay, minus the latency, plus the mean time until the next of \`r\` values a second from other
  nodes. So \`n\` nodes need at least \`n / (D - L + 1/r)\` messages a second. Messages to a node that only forwards
  their values are not counted. A hub needs about twice the bound, because it first collects the values and then
  distributes them.`;

function page(broadcasts: readonly Case[], logs: readonly Case[]): string {
  const paragraphs = [
    "# How the cost grows",
    `The official commands with more nodes: the operations a second stay the same. \`deno run -A bench/growth.ts\`
      writes this page from simulations (one seed; 5 s of operations with 1,000 nodes, otherwise 20 s). Only messages
      between servers in the main phase count, because with many nodes the final reads would outnumber all other
      operations. The figures of the busiest node are the messages that it sends and receives, and the share of one
      core of this machine that its program uses, without reading and writing JSON.`,
    BOUND,
    "## Broadcast",
    `As in 3d and 3e: 100 operations a second, about half of them broadcasts, and a latency of 100 ms between nodes.
      The delay in the bound is the longest by design: one hop of 100 ms for the mesh; for the hub a round of 850 ms,
      two hops, and a margin of 15 ms. The latencies in the table are measured by reads, and are lower, because a read
      waits for a message in flight to its node.`,
    table(broadcasts, [...MESSAGES, ...LATENCIES]),
    image(
      "Messages an operation by the number of nodes: the mesh and the hub, each beside its lower bound",
      "broadcast",
    ),
    `The mesh sends every value to every node in a message of its own. That is the minimum if no value may wait, and
      it grows with nodes and values. The hub sends a fixed number of messages a round, whatever the number of values.
      But it sends or receives all of them itself.`,
    table(broadcasts, BUSIEST_NODE),
    image("Messages that the busiest node sends and receives, by the number of nodes", "busiest"),
    "## Logs and transactions",
    `As in 5c and 6c: 1,000 operations a second, two clients a node, no latency. The delay in the bound is the period of
      the program's rounds, 50 ms.`,
    table(logs, [...MESSAGES, ...BUSIEST_NODE]),
    image("Messages an operation by the number of nodes: logs and transactions, each beside its lower bound", "logs"),
  ];
  const isProse = (text: string) => !/^[#|!]/.test(text);
  return paragraphs.map((text) => isProse(text) ? formatParagraph(text) : text).join("\n\n") + "\n";
}

function image(description: string, name: string): string {
  return `![${description}](growth_${name}.svg)`;
}

async function measureAll(families: readonly Family[]): Promise<Case[]> {
  const cases: Case[] = [];
  for (const family of families) {
    for (const nodes of family.nodes) cases.push(await measure(family, nodes));
  }
  return cases;
}

async function main(): Promise<void> {
  const [logs, broadcasts] = [await measureAll(LOGS), await measureAll(BROADCASTS)];
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${ROOT}/docs/${name}`, text);
  const messages = "messages an operation";
  write(
    "growth_broadcast.svg",
    drawChart(chart("Broadcast, by the number of nodes", messages, withBounds(broadcasts))),
  );
  const busiest = seriesOf(broadcasts, ({ busiest }) => busiest);
  write("growth_busiest.svg", drawChart(chart("The busiest node", "messages a second at one node", busiest)));
  write(
    "growth_logs.svg",
    drawChart(chart("Logs and transactions, by the number of nodes", messages, withBounds(logs))),
  );
  write("growth.md", page(broadcasts, logs));
}

const [flag, name, nodes] = Deno.args;
if (import.meta.main && flag === "--case") {
  const family = [...BROADCASTS, ...LOGS].find((family) => family.name === name)!;
  const traffic = await simulate(family, Number(nodes));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(traffic)));
} else if (import.meta.main) await main();
