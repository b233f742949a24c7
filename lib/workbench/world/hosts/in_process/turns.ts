/**
 * The turns of a node in this process: each message it gets and each timer that is due is one. A paused node has none; what would
 * have been one waits.
 *
 * @module
 */

import type { Clock } from "../../clock.ts";

/** When a node's turns are. */
export interface Turns {
  /** Whether there are no more. */
  readonly ended: boolean;
  /** Takes a turn, now or when those before it have been. */
  take(turn: () => void): void;
  /** From now on turns wait. */
  pause(): void;
  /** Those that have waited are now, in order, each when what the one before it has set off has settled. */
  resume(): void;
  /** There are no more, not even those that wait. */
  end(): void;
}

/**
 * Begins a node's turns.
 *
 * @param onTurn Is told whenever one begins.
 */
export function openTurns(clock: Clock, onTurn: () => void = () => {}): Turns {
  let waiting: (() => void)[] = [];
  let state: "running" | "paused" | "ended" = "running";
  let catchingUp = false;

  function begin(turn: () => void): void {
    onTurn();
    turn();
  }

  function catchUp(): void {
    if (catchingUp || state !== "running" || waiting.length === 0) return;
    catchingUp = true;
    clock.schedule(clock.now(), () => {
      catchingUp = false;
      if (state !== "running") return;
      try {
        begin(waiting.shift()!);
      } finally {
        catchUp();
      }
    });
  }

  return {
    get ended() {
      return state === "ended";
    },
    take(turn) {
      if (state === "ended") return;
      if (state === "paused" || waiting.length > 0) waiting.push(turn);
      else begin(turn);
    },
    pause() {
      if (state === "running") state = "paused";
    },
    resume() {
      if (state === "paused") state = "running";
      catchUp();
    },
    end() {
      state = "ended";
      waiting = [];
    },
  };
}
