/**
 * Virtual time around a piece of asynchronous work:
 *
 * 1. Creates a clock at 0 and a world in which every node runs the program in this process.
 * 2. Guards the process: programs must not use the real clock, timers, randomness, files or network.
 * 3. Runs the clock until the work has settled.
 * 4. If events follow one another without end while no time passes, tells the work to stop, and runs the clock until
 *    it has.
 *
 * @module
 */

import type { LogLevel } from "../../host.ts";
import type { AnyNode } from "../../node.ts";
import type { TestException } from "../base/test_exception.ts";
import { endTurn } from "../base/watchdog.ts";
import { VirtualClock } from "../world/virtual_clock.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { inProcessWorld } from "../world/hosts/in_process/in_process.ts";
import type { World } from "../world/hosts/world.ts";
import { createLivelockDetector, describeLivelock } from "../world/livelock.ts";

/** Options for {@linkcode runVirtually}. */
export interface VirtualTimeOptions {
  /** The program of every node. */
  program: (node: AnyNode) => void;
  /** Receives each entry of a node's log, and what a node writes on stderr. `time` is in ms since the start. */
  log?(time: number, node: string, level: LogLevel, text: string): void;
  /** Called if nodes answer each other without end while no time passes. It must make the work settle. */
  onLivelock(livelock: TestException): void;
  /** Number of events at one instant that counts as a livelock. `@default 5_000_000` */
  maxAtOnce?: number;
}

/**
 * Runs `work` in virtual time.
 *
 * @param work Must wait only for the world's clock.
 * @returns What `work` resolves to.
 * @throws What `work` rejects with.
 */
export async function runVirtually<T>(options: VirtualTimeOptions, work: (world: World) => Promise<T>): Promise<T> {
  const { program, onLivelock, maxAtOnce } = options;
  const clock = new VirtualClock(endTurn);
  const log = (node: string, level: LogLevel, text: string) => options.log?.(clock.now(), node, level, text);
  const release = guard();
  try {
    let settled = false;
    const working = work(inProcessWorld({ program, clock, log })).finally(() => settled = true);
    // It is awaited below, after the clock has run. Until then a rejection would count as unhandled.
    working.catch(() => {});
    const isLivelock = createLivelockDetector(clock, maxAtOnce);
    await clock.run(() => settled || isLivelock());
    if (!settled) {
      onLivelock(describeLivelock(clock));
      await clock.run(() => settled);
    }
    return await working;
  } finally {
    release();
  }
}
