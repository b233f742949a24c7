/**
 * Transcripts of small clusters, for a person to read: what each node sends, what is lost, and what each applies.
 *
 * @module
 */

import { replicate, type ReplicationOptions } from "../../../challenges/replication/mod.ts";
import type { AnyNode } from "../../../lib/node.ts";
import type { Body, Message } from "../../../lib/protocol.ts";
import { simulate, type SimulatedWorld } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";

/** A world whose messages and entries are written down. */
export interface Recorder {
  readonly world: SimulatedWorld;
  /** Appends an entry at a node. */
  append(node: string, entry: string): Promise<void>;
  /** Lets time pass, ms. */
  run(duration: number): Promise<void>;
  /** Writes a heading. */
  say(text: string): void;
  /** Loses the messages for which `isLost` holds, until it is called with undefined. */
  lose(isLost: ((message: Message) => boolean) | undefined): void;
  /** Delays the messages for which `isDelayed` holds, until `deliver` is called. */
  delay(isDelayed: (message: Message) => boolean): void;
  deliver(): void;
  /** The lines so far, and what each node has. */
  finish(): Promise<string>;
}

type Style = Pick<ReplicationOptions<string, string[]>, "topology" | "period" | "ackDelay" | "keep">;

/** Simulates three nodes, 10 ms apart, and writes down what they do. */
export function startRecorder(title: string, style: Style): Recorder {
  const lines: string[] = [`# ${title}`];
  const names = new Map<string, string>();
  let isLost: ((message: Message) => boolean) | undefined;
  let isDelayed: ((message: Message) => boolean) | undefined;
  let held: Message[] = [];
  const clock = { now: () => 0 };
  const say = (text: string) => void lines.push(`${clock.now().toFixed(0).padStart(6)}  ${text}`);
  const world = simulate({ program: listProgram(style, say), nodes: 3, latency: 10, seed: "transcript" });
  world.intercept((message) => {
    if (message.body.type !== "replicate") return false;
    let fate = "";
    if (isLost?.(message)) fate = "  LOST";
    else if (isDelayed?.(message)) fate = "  DELAYED";
    say(`${message.src} → ${message.dest}  ${describe(message.body, names)}${fate}`);
    if (fate === "  DELAYED") held.push(message);
    return fate !== "";
  });
  clock.now = () => world.now;
  const heading = (text: string) => void lines.push("", `${world.now.toFixed(0).padStart(6)}  -- ${text}`);
  return {
    world,
    say: heading,
    async append(node, entry) {
      await world.client().rpc(node, { type: "append", entry });
    },
    run: (duration) => world.run(duration),
    lose(condition) {
      isLost = condition;
    },
    delay(condition) {
      isDelayed = condition;
    },
    deliver() {
      isDelayed = undefined;
      for (const message of held) {
        say(`${message.src} → ${message.dest}  ${describe(message.body, names)}  ARRIVES LATE`);
        world.send(message);
      }
      held = [];
    },
    async finish() {
      lines.push("");
      for (const [i, { list }] of (await askAll(world, { type: "list" })).entries()) {
        lines.push(`n${i} has ${(list as string[]).join(" ")}`);
      }
      return `${lines.join("\n")}\n`;
    },
  };
}

/** Keeps a list of entries, and says what it applies. */
function listProgram(style: Style, say: (text: string) => void) {
  return (node: AnyNode) => {
    const list: string[] = [];
    const { append } = replicate<string, string[]>(node, {
      ...style,
      isEntry: (entry) => typeof entry === "string",
      isSnapshot: Array.isArray,
      apply(entry) {
        list.push(entry);
        say(`${node.id} applies ${entry}`);
      },
      snapshot: () => list,
      restore(others) {
        for (const entry of others) if (!list.includes(entry)) list.push(entry);
        say(`${node.id} restores a snapshot of ${others.join(" ")}`);
      },
    });
    node.on("append", ({ entry }) => {
      say(`${node.id} appends ${entry}`);
      list.push(entry as string);
      append(entry as string);
      return {};
    });
    node.on("list", () => ({ list: list.toSorted() }));
  };
}

/** A message in one line. The incarnations of n1 are n1, n1', n1'' and so on; a seq is shown in ms. */
function describe(body: Body, names: Map<string, string>): string {
  const { from, seq, ack, base, have, entries, snapshot, question } = body as unknown as Described;
  const nameOf = (log: string) => {
    const node = log.slice(0, log.indexOf("."));
    const known = [...names.keys()].filter((name) => name.startsWith(`${node}.`)).length;
    if (!names.has(log)) names.set(log, node + "'".repeat(known));
    return names.get(log)!;
  };
  const ms = (value: number) => (value / 1000).toFixed(3).replace(/\.?0+$/, "");
  const counts = Object.entries(have).map(([log, count]) => `${nameOf(log)}:${count}`);
  const parts = [`${nameOf(from)}#${ms(seq)}`];
  parts.push(ack === undefined ? "no ack" : `ack ${nameOf(ack[0])}#${ms(ack[1])}`);
  if (base !== undefined) parts.push(`base #${ms(base)}`);
  if (counts.length > 0 || base === undefined) parts.push(`have {${counts.join(" ")}}`);
  if (snapshot !== undefined) parts.push("SNAPSHOT");
  for (const [log, [index, list]] of Object.entries(entries ?? {})) {
    parts.push(`${nameOf(log)}[${index}]: ${list.join(" ")}`);
  }
  if (question) parts.push("QUESTION");
  return parts.join("  ");
}

interface Described {
  from: string;
  seq: number;
  ack?: [string, number, number];
  base?: number;
  have: Record<string, number>;
  entries?: Record<string, [number, string[]]>;
  snapshot?: unknown;
  question?: true;
}
