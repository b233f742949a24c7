/**
 * Pareto front of broadcast, messages against latency: `deno run -A bench/front.ts` draws `docs/broadcast_front.svg`
 * from simulations of challenge 3d's official command, and prints its points as a table.
 */

import { ROOT } from "../lib/workbench/cli/root.ts";
import { fewestMessages } from "./bounds.ts";
import { drawChart, type Point } from "./chart.ts";
import { formatMessages, median } from "./measure/figures.ts";
import { formatMarkdownTable } from "./measure/markdown.ts";
import { type Simulated, simulateRow } from "./measure/simulate_row.ts";

const SEEDS = ["1", "2", "3", "4", "5"];
const NODES = 25;
const LATENCY = 100;
/** Operations a second. Every other one is a broadcast, which makes {@linkcode VALUES} values a second. */
const RATE = 100;
const VALUES = 50;
/** Periods of the hub, ms. */
const PERIODS = [150, 200, 250, 340, 430, 600, 850, 1200, 1650];

/** Figures that others have published: their own claims. */
const PUBLISHED: Point[] = [{ x: 105, y: 11.79 }, { x: 678, y: 1.99 }, { x: 1087, y: 1.92 }];
/** Figures of another program, measured under Maelstrom. */
const MEASURED: Point[] = [{ x: 216, y: 23.83 }, { x: 1126, y: 1.74 }];

/** Periods that are shown beside their points, ms. */
const LABELLED = [150, 340, 850, 1650];

/** Figures of a program: the medians of some simulations. */
interface Figures {
  name: string;
  /** Messages an operation. */
  messages: number;
  /** Median stable latency, ms. */
  median: number;
  /** Highest stable latency, ms. */
  slowest: number;
}

async function simulate(name: string, row: Simulated): Promise<Figures> {
  const runs: Omit<Figures, "name">[] = [];
  for (const seed of SEEDS) {
    const { valid, result, net } = await simulateRow(row, seed);
    if (valid !== true) throw new Error(`Cannot draw ${name}: with seed ${seed} it is not valid`);
    const stable = result.stable_latencies as Record<string, number>;
    runs.push({ messages: net!.servers.msgs_per_op!, median: stable["0.5"]!, slowest: stable["1"]! });
  }
  const middle = (figure: keyof Omit<Figures, "name">) => median(runs.map((run) => run[figure]))!;
  return { name, messages: middle("messages"), median: middle("median"), slowest: middle("slowest") };
}

/**
 * Computes the lower bound. A read waits for a message in flight to its node, so a measured latency can be lower than
 * the true one by the latency of a message.
 */
function bound(): Point[] {
  const delays = Array.from({ length: 60 }, (_, i) => 100 * 25 ** (i / 59));
  return delays.map((delay) => ({
    x: delay,
    y: fewestMessages({ nodes: NODES, delay: delay + LATENCY, latency: LATENCY, rate: VALUES }) / RATE,
  }));
}

function point({ slowest, messages }: Figures, label?: string): Point {
  return { x: slowest, y: messages, label, side: "below" };
}

function draw(mesh: Figures, hubs: readonly Figures[]): string {
  const labels = PERIODS.map((period) => LABELLED.includes(period) ? `${period} ms` : undefined);
  return drawChart({
    title: "Broadcast to 25 nodes: messages an operation against the latency of the slowest value",
    x: {
      label: "slowest stable latency, ms",
      domain: [80, 2500],
      ticks: [100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000],
    },
    y: { label: "messages an operation", domain: [0.08, 50], ticks: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50] },
    corners: [{ x: 600, y: 30, label: "limits of 3d" }, { x: 2000, y: 20, label: "limits of 3e" }],
    series: [
      { name: "hub, by its period", tone: "blue", line: "solid", points: hubs.map((hub, i) => point(hub, labels[i])) },
      { name: "mesh", tone: "green", points: [point(mesh)] },
      { name: "published by others", tone: "orange", mark: "cross", points: PUBLISHED },
      { name: "another's, measured", tone: "purple", mark: "cross", points: MEASURED },
      { name: "no program can be below", tone: "grey", line: "dashed", mark: "none", points: bound() },
    ],
  });
}

if (import.meta.main) {
  const mesh = await simulate("mesh", { id: "3d" });
  const hubs: Figures[] = [];
  for (const period of PERIODS) {
    hubs.push(await simulate(`hub, ${period} ms`, { id: "3e", args: ["--period", String(period)] }));
  }
  Deno.writeTextFileSync(`${ROOT}/docs/broadcast_front.svg`, draw(mesh, hubs));
  const table = formatMarkdownTable(
    [["how"], ["messages an operation", "right"], ["median, ms", "right"], ["slowest, ms", "right"]],
    [mesh, ...hubs].map(({ name, messages, median, slowest }) => [
      name,
      formatMessages(messages),
      median.toFixed(0),
      slowest.toFixed(0),
    ]),
  );
  // deno-lint-ignore no-console -- this is what the script is for
  console.log(table);
}
