/**
 * Turns of a node in this process: each message it receives and each timer that is due is one. While the node is
 * paused, turns wait.
 *
 * @module
 */

import type { Clock } from "../../clock.ts";

/** Queue of a node's turns. */
export interface Turns {
  /** True after {@linkcode Turns.end}. */
  readonly ended: boolean;
  /** Runs a turn now, or after those that wait. */
  take(turn: () => void): void;
  /** Makes turns wait. */
  pause(): void;
  /** Runs the turns that wait, in order. Before each, the promise callbacks of the last one have run. */
  resume(): void;
  /** Drops the turns that wait, and all later ones. */
  end(): void;
}

/** State of the turns. */
interface State {
  readonly clock: Clock;
  readonly run: (turn: () => void) => void;
  mode: "running" | "paused" | "ended";
  /** Turns that have not run, oldest first; empty once ended. */
  waiting: (() => void)[];
  /** True while the first waiting turn is scheduled. */
  isCatchingUp: boolean;
}

/**
 * Creates the turns of a node.
 *
 * @param run Runs one turn.
 */
export function createTurns(clock: Clock, run: (turn: () => void) => void = (turn) => turn()): Turns {
  const state: State = { clock, run, mode: "running", waiting: [], isCatchingUp: false };
  return {
    get ended() {
      return state.mode === "ended";
    },
    take(turn) {
      if (state.mode === "ended") return;
      if (state.mode === "paused" || state.waiting.length > 0) state.waiting.push(turn);
      else run(turn);
    },
    pause() {
      if (state.mode === "running") state.mode = "paused";
    },
    resume() {
      if (state.mode === "paused") state.mode = "running";
      catchUp(state);
    },
    end() {
      state.mode = "ended";
      state.waiting = [];
    },
  };
}

/** Schedules the first waiting turn, which does the same for the next. */
function catchUp(state: State): void {
  if (state.isCatchingUp || state.mode !== "running" || state.waiting.length === 0) return;
  state.isCatchingUp = true;
  state.clock.schedule(state.clock.now(), () => {
    state.isCatchingUp = false;
    if (state.mode !== "running") return;
    try {
      state.run(state.waiting.shift()!);
    } finally {
      catchUp(state);
    }
  });
}
