/** A fake machine: records what commands do to it, and answers as the test decides. */

import { PROGRAMS } from "../../../lib/workbench/request/challenges.ts";
import type { Interrupt, Machine } from "../../../lib/workbench/engines/machine.ts";
import type { EngineHooks } from "../../../lib/workbench/engines/engine.ts";
import type { TestRequest } from "../../../lib/workbench/request/request.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";

/** A machine, and a record of what was done to it. */
export interface FakeMachine extends Machine {
  /** Everything written on stdout and stderr. */
  out: string;
  err: string;
  /** The requests that engines have run. */
  ran: { engine: string; request: TestRequest }[];
  /** Exit status of the command line that has run. */
  status: number | undefined;
  /** The status passed to `exit`. */
  exited: number | undefined;
  /** Stands in for every engine: returns results, or throws. */
  runs(request: TestRequest, hooks: EngineHooks): Partial<Results> | Promise<Partial<Results>>;
  /** Presses Ctrl-C, or sends another signal. */
  interrupt(signal?: Interrupt): void;
  /** Calls each callback of `every` once. */
  tick(): void;
}

/** The files on the machine: programs and others. */
const FILES: Record<string, "folder" | "file" | "executable"> = {
  "./node": "executable",
  "./notes.txt": "file",
  "/tmp": "folder",
  ...Object.fromEntries(Object.keys(PROGRAMS).map((name) => [`/project/challenges/bin/${name}`, "executable"])),
};

/** Creates a machine with a program `./node` and the programs of the challenges. */
export function fakeMachine(changes: Partial<FakeMachine> = {}): FakeMachine {
  const interrupts = new Set<(signal: Interrupt) => void>();
  const ticks = new Set<() => void>();
  let seeds = 0;
  const run = async (engine: string, request: TestRequest, hooks: EngineHooks) => {
    machine.ran.push({ engine, request });
    const changes = await machine.runs(request, hooks);
    const { valid, passed, ...results } = { ...fakeResults(request, engine), ...changes };
    // Unless the test says so, Maelstrom agrees.
    return { ...results, valid, passed, maelstrom: changes.maelstrom ?? { valid, passed } };
  };
  const machine: FakeMachine = {
    root: "/project",
    denoVersion: "2.9.6",
    files: {
      inspect: (path) => ({
        kind: FILES[path] ?? "missing",
        path: path === "." ? "/project" : path.replace(/^\.\//, "/home/"),
      }),
      readTextFile: (path) => {
        if (path === "./nodes") return "n1\n n2 \n\n";
        if (path === "./empty") return "\n";
        if (path === "./climbing") return "n1\n../../x\n";
        throw new Error("No such file or directory");
      },
    },
    subfolders: () => [],
    filesIn: () => [],
    removeFolder: () => {},
    removeEmptyFolder: () => {},
    now: () => 0,
    openFile: (path) => Promise.reject(new Deno.errors.NotFound(`No such file or directory: ${path}`)),
    createFolder: (path) => path,
    createFile: () => {},
    replaceFile: () => {},
    replaceFileWith: async (path, pieces) => machine.replaceFile(path, (await Array.fromAsync(pieces)).join("")),
    stdout: (text) => void (machine.out += text),
    stderr: (text) => void (machine.err += text),
    isTerminal: { stdout: false, stderr: false },
    width: () => 80,
    env: () => undefined,
    outputOf: () => undefined,
    every: (_, tick) => register(ticks, tick),
    onInterrupt: (interrupt) => register(interrupts, interrupt),
    listen: () => {
      throw new Error("there is no network");
    },
    exit: (status) => void (machine.exited = status),
    newSeed: () => `seed-${++seeds}`,
    hmac: (key, text) => Promise.resolve(`hmac of ${text} with ${key}`),
    runScript: () => Promise.reject(new Error("there are no other processes")),
    engines: {
      processes: (request, hooks) => run("processes", request, hooks),
      simulation: (request, hooks) => run("simulation", request, hooks),
      cluster: (request, hooks) => run("cluster", request, hooks),
      maelstrom: (executable) => (request, hooks) => run(executable, request, hooks),
    },
    clusters: {
      state: () => undefined,
      isRunning: () => Promise.resolve(false),
      control: () => {
        throw new Error("there is no cluster");
      },
      machines: () => Promise.reject(new Error("there is no cluster")),
      start: () => Promise.reject(new Error("there are no other processes")),
      remains: () => undefined,
      remove: () => {},
    },
    archives: {
      fetch: () => Promise.reject(new Error("there is no network")),
      sha256: () => Promise.resolve("0"),
      unpack: () => Promise.resolve(),
    },
    out: "",
    err: "",
    ran: [],
    status: undefined,
    exited: undefined,
    runs: () => ({}),
    interrupt: (signal = "SIGINT") => interrupts.forEach((interrupt) => interrupt(signal)),
    tick: () => ticks.forEach((tick) => tick()),
    ...changes,
  };
  return machine;
}

function register<T>(callbacks: Set<T>, callback: T): () => void {
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

/** True for the engines of the workbench. */
function isOurs(engine: string): boolean {
  return ["processes", "simulation", "cluster"].includes(engine);
}

/** Returns the results of a test that passed. */
export function fakeResults({ challenge, workload, seed, limits, decidedBy }: TestRequest, engine: string): Results {
  return {
    schema: 1,
    challenge: challenge?.id ?? null,
    workload,
    engine: isOurs(engine) ? "workbench" : "maelstrom",
    mode: engine === "simulation" || engine === "cluster" ? engine : "process",
    seed: isOurs(engine) ? seed : null,
    valid: true,
    passed: true,
    maelstrom: { valid: true, passed: true },
    decided_by: decidedBy,
    operations: { count: 10, ok: 9, fail: 1, info: 0, by_f: { read: { count: 10, ok: 9, fail: 1, info: 0 } } },
    availability: { valid: true, ok_fraction: 0.9 },
    net: null,
    latency_ms: null,
    result: { valid: true },
    anomalies: [],
    targets: limits.map(({ name, limit }) => ({ name, limit, value: 1, met: true })),
    exceptions: [],
    store: "store/somewhere",
  };
}
