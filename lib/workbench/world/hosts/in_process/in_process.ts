/**
 * Runs nodes in this process: gives a program a clock, a random stream and a network. Under a virtual clock, a test
 * takes only the time of its computations, and its seed repeats it.
 *
 * `turns.ts` queues what happens to a node, so that it can be paused. `copy.ts` copies messages as JSON would.
 * `program_module.ts` loads a program from a file.
 *
 * @module
 */

import type { Host, LogLevel, NodeHandle } from "../../../../host.ts";
import { showJSON } from "../../../../json.ts";
import type { AnyNode } from "../../../../node.ts";
import type { Message } from "../../../../protocol.ts";
import { startNode } from "../../../../start_node.ts";
import type { Clock, Timer } from "../../clock.ts";
import { type Network, StrangerError } from "../../network/network.ts";
import type { Random } from "../../random.ts";
import type { TestException } from "../../../base/test_exception.ts";
import type { World } from "../world.ts";
import { copyJSON } from "./copy.ts";
import { loggedError } from "../error_log.ts";
import { badLine, describeStranger, type Diagnosis, nodeCrashed, type NodeHost } from "../node_host.ts";
import { createTurns, type Turns } from "./turns.ts";
import { isReservedName } from "../../services/mod.ts";
import { describeCrash, restorePaths, withOwnFrames } from "../../../base/stack_frames.ts";
import { clip, indented } from "../../../base/text.ts";
import { registerNode } from "../../../base/watchdog.ts";
import { createGuardedRunner } from "../guard/guarded.ts";

/** Options for {@linkcode startInProcess}. */
export interface InProcessOptions {
  /** Name on the network. */
  id: string;
  clock: Clock;
  /** Stream of the node's draws. */
  random: Random;
  network: Network;
  /** Offset of the node's clock, ms; 0 by default. Timers keep their durations. */
  skew?(): number;
  /**
   * Called if the program throws at its start, does not handle an error, sends to a name that is not on the network, or
   * makes a call that the guard refuses (`guard/`). By default these are thrown.
   */
  onFailure?(failure: TestException): void;
  /** Receives the entries of the node's log. */
  log?(level: LogLevel, text: string): void;
  /** Receives what the node writes by `console.error()` and the like. By default it goes to stderr. */
  onStderr?(level: LogLevel, text: string): void;
}

/** Wall-clock time of the nodes at time 0: the beginning of 2026, ms since 1970. */
const EPOCH = Date.UTC(2026, 0, 1);

/**
 * Starts a node.
 *
 * Messages are copied as if by JSON: nodes share no objects, and see what they would see as processes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../../virtual_clock.ts";
 * import { openConnection } from "../../connection.ts";
 * import { createNetwork } from "../../network/network.ts";
 * import { seededRandom } from "../../random.ts";
 * import { startInProcess } from "./in_process.ts";
 *
 * const clock = new VirtualClock();
 * const random = seededRandom("dune");
 * const network = createNetwork({
 *   clock,
 *   random: random.stream("network"),
 *   latency: { mean: 100, distribution: "constant" },
 * });
 * startInProcess((node) => node.on("echo", ({ echo }) => ({ echo })), {
 *   id: "n0",
 *   clock,
 *   random: random.stream("node n0"),
 *   network,
 * });
 * const client = openConnection(network, clock);
 * const replies = [
 *   client.call("n0", { type: "init", node_id: "n0", node_ids: ["n0"] }),
 *   client.call("n0", { type: "echo", echo: "hello" }),
 * ];
 * await clock.run(1000);
 * assertEquals((await replies[1]!).echo, "hello");
 * ```
 */
export function startInProcess(program: (node: AnyNode) => void, options: InProcessOptions): NodeHost {
  const { id, clock, network, onFailure = throwFailure } = options;
  const turns = createTurns(clock, createTurnRunner(options));
  const entries: string[] = [];
  let node: NodeHandle | undefined;
  network.attach(id, (message) => {
    // A message from a node was copied when it was sent.
    const received = isReservedName(message.src) ? copyOrKeep(message) : message;
    turns.take(() => node?.receive(received));
  });
  try {
    turns.take(() => node = startNode(program, createHost(options, turns, entries)));
  } catch (error) {
    onFailure(nodeCrashed(id, "crashed at its start", indented(describeCrash(error))));
  }
  return {
    id,
    diagnose: (asked) => Promise.resolve(diagnosis(entries, asked)),
    pause: turns.pause,
    resume: turns.resume,
    stop() {
      turns.end();
      node?.stop();
      network.detach(id);
      return Promise.resolve();
    },
  };
}

/** Number of entries of its log that a diagnosis shows. */
const LAST_ENTRIES = 4;

function diagnosis(entries: readonly string[], asked: string): Diagnosis {
  const log = entries.length === 0
    ? ["It logged nothing"]
    : ["It logged last:", ...entries.map((entry) => indented(clip(entry)))];
  const advice = asked === "init"
    ? "Does an onInit hook wait for something that never comes?"
    : `Does the handler for ${asked} return a reply, and await only what comes?`;
  return { activity: [], log, advice };
}

/** Options for {@linkcode inProcessWorld}. */
export interface InProcessWorldOptions {
  program: (node: AnyNode) => void;
  clock: Clock;
  /** Receives the entries of the nodes' logs. */
  log?(node: string, level: LogLevel, text: string): void;
}

/** Creates the world in which every node runs the same program in this process. */
export function inProcessWorld({ program, clock, log }: InProcessWorldOptions): World {
  return {
    mode: "simulation",
    clock,
    startNode(id, network, random, onFailure, note) {
      const logNode = (level: LogLevel, text: string) => {
        log?.(id, level, text);
        if (level === "error") note?.(loggedError(id, text.split("\n")));
      };
      const options = { id, clock, random, network, onFailure, log: logNode, onStderr: logNode };
      return Promise.resolve(startInProcess(program, options));
    },
  };
}

/** Creates the function that runs a turn: the watchdog and the guard know whose it is. */
function createTurnRunner({ id, onFailure = throwFailure, onStderr }: InProcessOptions): (turn: () => void) => void {
  const begin = registerNode(id);
  const runGuarded = createGuardedRunner({ node: id, onTrouble: onFailure, onStderr });
  return (turn) => {
    begin();
    runGuarded(turn);
  };
}

/** Copies a message of a client or service. A node does not read one that is too deep to be copied: it refuses it. */
function copyOrKeep(message: Message): Message {
  try {
    return copyJSON(message);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return message;
  }
}

function createHost(options: InProcessOptions, turns: Turns, entries: string[]): Host {
  const { id, clock, random, network, skew = () => 0, onFailure = throwFailure, log } = options;
  return {
    send(message) {
      try {
        network.send(copyJSON(message), id);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const problem = error instanceof StrangerError ? describeStranger(error, id) : { problem: error.message };
        onFailure(badLine(id, "sent a message that cannot be delivered", showJSON(message, Infinity), problem));
      }
    },
    now: () => EPOCH + clock.now() + skew(),
    setTimer(delay, callback) {
      const timer: HostTimer = { callback };
      timer.scheduled = clock.schedule(clock.now() + delay, () => turns.take(() => timer.callback?.()));
      return timer;
    },
    clearTimer(timer) {
      // It may be due already, and wait for its turn.
      (timer as HostTimer).callback = undefined;
      clock.cancel((timer as HostTimer).scheduled);
    },
    getRandomValues: (array) => random.fill(array),
    random: () => random.float(),
    log(level, text) {
      if (turns.ended) return;
      const entry = restorePaths(text);
      if (level !== "debug") entries.push(withOwnFrames(entry.split("\n")).join("\n"));
      if (entries.length > LAST_ENTRIES) entries.shift();
      log?.(level, entry);
    },
  };
}

/** Timer of a node. */
interface HostTimer {
  /** Undefined once it is cancelled. */
  callback: (() => void) | undefined;
  scheduled?: Timer;
}

function throwFailure({ message }: TestException): never {
  throw new Error(message);
}
