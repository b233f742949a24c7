/**
 * The lists that `list` shows: the challenges for people, and everything that can be tested as data.
 *
 * @module
 */

import { createStyle, wrap } from "../base/text.ts";
import { type Challenge, CHALLENGES, findModule } from "../request/challenges.ts";
import { WRONG_PROGRAMS } from "../request/wrong_programs.ts";
import { SURVIVES } from "../run/survives.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import type { Screen } from "./screen.ts";
import { TARGET_LABELS } from "./summary.ts";

const INDENT = " ".repeat(16);
/** Stands for a blank that no line may break at. */
const NO_BREAK = "\u00a0";

/** Formats challenges with their official flags and limits. */
export function formatChallenges(challenges: readonly Challenge[], screen: Screen): string {
  return challenges.flatMap((challenge) => challengeLines(challenge, screen)).join("\n");
}

function challengeLines({ id, name, title, workload, flags, limits }: Challenge, { width, colour }: Screen): string[] {
  const { bold, dim } = createStyle(colour);
  // A flag stays on one line with its value.
  const command = `-w ${workload} ${flags}`.replaceAll(/ (?=[^-])/g, NO_BREAK);
  const below = limits.map(({ name, limit }) => `${limit}${TARGET_LABELS[name]!.unit} ${TARGET_LABELS[name]!.label}`);
  return [
    `${bold(id.padEnd(4))}${name.padEnd(12)}${title}`,
    ...wrap(command, width, INDENT).map((line) => dim(line.replaceAll(NO_BREAK, " "))),
    ...below.length === 0 ? [] : wrap(`below ${below.join(", ")}`, width, INDENT),
  ];
}

/** Everything that can be tested, as `list --json` prints it. Paths in it are relative to the project's folder. */
export interface TestList {
  schema: 1;
  challenges: (Omit<Challenge, "program"> & {
    /** Faults that our program survives. */
    survives: readonly string[];
    /** Path of our program's module, and the arguments that it gets. */
    module: string;
    args: readonly string[];
    command: string;
  })[];
  /** The command tests a program of one's own, which replaces FILE. */
  workloads: { name: string; description: string; requests: string[]; command: string }[];
  wrong_programs: { module: string; mistake: string; anomaly: string; workload: string; command: string }[];
}

/** Lists everything that can be tested. */
export function describeAll(): TestList {
  return {
    schema: 1,
    challenges: CHALLENGES.map(({ program, ...challenge }) => {
      const { path, args } = findModule(`./challenges/bin/${program}`, [], ".");
      const survives = SURVIVES[challenge.id]!;
      const module = path.replace("./", "");
      const command = `./maelstrom.sh ${challenge.id}`;
      return { ...challenge, survives, module, args, command };
    }),
    workloads: Object.values(WORKLOADS).map(({ name, doc, rpcs }) => ({
      name,
      description: doc,
      requests: rpcs.map(({ type }) => type),
      command: `./maelstrom.sh test -w ${name} --bin FILE`,
    })),
    wrong_programs: WRONG_PROGRAMS.map(({ file, mistake, anomaly, workload, flags }) => {
      const module = `tests/wrong/${file}.ts`;
      const command = `./maelstrom.sh test -w ${workload} --bin ${module} --sim ${flags}`;
      return { module, mistake, anomaly, workload, command };
    }),
  };
}
