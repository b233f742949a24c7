/**
 * Network of a unit test: the test can disturb all messages between nodes and services, and take single ones off it.
 *
 * @module
 */

import type { Message } from "../../protocol.ts";
import { copyJSON } from "../world/hosts/in_process/copy.ts";
import { delaying, type Disturbance, duplicating, losing, reordering } from "../world/network/disturbances.ts";
import { isClient, type Network } from "../world/network/network.ts";
import type { Random } from "../world/random.ts";
import type { Disturbances } from "./simulated_world.ts";

/** Network that a test controls. What it takes off is never sent, and not counted. */
export interface TestNetwork extends Network {
  /** Replaces the disturbances of all messages between nodes and services; see {@linkcode Disturbances}. */
  disturbAll(disturbances: Disturbances): void;
  /** Asks `isTaken`, from now on, for a copy of each message between nodes and services: if true, it is not sent. */
  intercept(isTaken: (message: Message) => boolean): void;
  /** Sends a message that is not intercepted. */
  sendUnseen(message: Message): void;
}

/** Options for {@linkcode createTestNetwork}. */
export interface TestNetworkOptions {
  /** Names of the nodes. */
  nodes: readonly string[];
  /** Each disturbance draws from a stream of its own of this one. */
  random: Random;
  /** Called with what `isTaken` throws; the message is taken off then. */
  onError(error: Error): void;
}

/** Wraps a network. */
export function createTestNetwork(network: Network, { nodes, random, onError }: TestNetworkOptions): TestNetwork {
  const draws = {
    loss: random.stream("loss"),
    duplicate: random.stream("duplicate"),
    reorder: random.stream("reorder"),
  };
  let isTaken: ((message: Message) => boolean) | undefined;

  function takes(message: Message): boolean {
    try {
      return isTaken!(copyJSON(message));
    } catch (error) {
      onError(error as Error);
      return true;
    }
  }

  return {
    ...network,
    disturbAll(disturbances) {
      for (const [name, disturbance] of Object.entries(disturbancesOf(disturbances, draws))) {
        network.disturb(name, nodes, disturbance);
      }
    },
    intercept(predicate) {
      isTaken = predicate;
    },
    send(message, sender = message.src) {
      const isSeen = isTaken !== undefined && !isClient(sender) && !isClient(message.dest);
      if (!isSeen || !takes(message)) network.send(message, sender);
    },
    sendUnseen: (message) => network.send(message),
  };
}

/** Returns one disturbance of each kind, so that those of an earlier call are replaced. */
function disturbancesOf(
  { loss = 0, duplicate = 0, reorder = 0, maxDelay = 100, delay = 0 }: Disturbances,
  draws: Record<"loss" | "duplicate" | "reorder", Random>,
): Record<string, Disturbance> {
  for (const [name, share] of Object.entries({ loss, duplicate, reorder })) {
    checkRange(name, share, 1, "a share, 0 to 1");
  }
  for (const [name, ms] of Object.entries({ maxDelay, delay })) checkRange(name, ms, Number.MAX_VALUE, "0 ms or more");
  return {
    loss: losing(loss, draws.loss),
    duplicate: duplicating(duplicate, maxDelay, draws.duplicate),
    reorder: reordering(reorder, maxDelay, draws.reorder),
    delay: delaying(delay),
  };
}

function checkRange(name: string, value: number, most: number, expected: string): void {
  if (value >= 0 && value <= most) return;
  throw new RangeError(`Cannot disturb the network: expected ${name} to be ${expected}, got ${value}`);
}
