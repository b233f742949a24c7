/**
 * The world of a simulation, as a test sees it.
 *
 * @module
 */

import type { LogLevel } from "../../host.ts";
import type { Body, Message } from "../../protocol.ts";
import type { NetCounts } from "../world/network/journal.ts";
import type { Random } from "../world/random.ts";

/** An entry of a node's log. */
export interface LogEntry {
  /** Milliseconds since the simulation began. */
  time: number;
  /** The node that logged it. */
  node: string;
  /** Severity. */
  level: LogLevel;
  /** The text that the node logged. */
  text: string;
}

/** A client that sends requests to nodes. */
export interface SimulatedClient {
  /** Its name on the network, such as `"c6"`. */
  readonly id: string;
  /**
   * Sends a request and waits for its reply, while time passes. The request gets a `msg_id`.
   *
   * @param timeout Milliseconds of virtual time; 5000 by default.
   * @throws {RPCError} The reply is an error, or (code 0) none came in time.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  rpc(node: string, body: Body, options?: { timeout?: number }): Promise<Body>;
}

/**
 * Disturbances of the messages between nodes and services. As in a test with `--nemesis`, messages of clients are never
 * disturbed.
 */
export interface Disturbances {
  /** Share of messages that are lost, 0 to 1. `@default 0` */
  loss?: number;
  /** Share of messages that arrive twice, 0 to 1. `@default 0` */
  duplicate?: number;
  /** Share of messages that are delayed so that others overtake them, 0 to 1. `@default 0` */
  reorder?: number;
  /** Delay of a second copy or of a message that is overtaken: 0 to this many ms, uniformly. `@default 100` */
  maxDelay?: number;
  /** Delay of all messages, ms, in addition to the latency. `@default 0` */
  delay?: number;
}

/**
 * A simulated cluster with its network and services. Time passes only while the test waits: for
 * {@linkcode SimulatedWorld.run}, {@linkcode SimulatedWorld.until}, a client's request or a restart.
 */
export interface SimulatedWorld {
  /** The names of the nodes. */
  readonly nodes: readonly string[];
  /** Milliseconds since the simulation began. The nodes' own clocks began in 2026. */
  readonly now: number;
  /** The log entries of all nodes so far. */
  readonly logs: readonly LogEntry[];
  /** Counts of messages so far: all, those with clients, those between nodes and services. */
  readonly messages: NetCounts;
  /** A stream of random draws for the test itself. */
  readonly random: Random;
  /**
   * Lets time pass.
   *
   * @param duration Milliseconds.
   * @throws {Error} A node has failed: its program throws at its start, it does not answer `init`, sends to an unknown
   *   node or in the name of another, leaves a rejection unhandled, uses the real clock, timers or randomness, prints
   *   on stdout or ends its process; or nodes answer each other without end while no time passes.
   */
  run(duration: number): Promise<void>;
  /**
   * Lets time pass until a condition holds. The condition is checked now and then every 50 ms; it may send requests.
   *
   * @param timeout Milliseconds of virtual time. `@default 5000`
   * @returns Milliseconds that have passed.
   * @throws {Error} The condition does not hold at the end of the timeout, or a node has failed; see
   *   {@linkcode SimulatedWorld.run}.
   */
  until(condition: () => boolean | Promise<boolean>, options?: { timeout?: number }): Promise<number>;
  /** Opens a client. */
  client(): SimulatedClient;
  /**
   * Cuts all links between groups of nodes and services, both ways. A single group is cut off from all other nodes.
   * Earlier cuts stay.
   *
   * @throws {RangeError} A name is unknown or in two groups, there is no group, or a group is empty.
   */
  partition(...groups: (readonly string[])[]): void;
  /**
   * Cuts one link, one way: `dest` receives nothing from `src`.
   *
   * @throws {RangeError} A name is unknown, or both are the same.
   */
  cut(src: string, dest: string): void;
  /** Ends all cuts. */
  heal(): void;
  /**
   * Disturbs all messages between nodes and services that are sent from now on, instead of what an earlier call asked
   * for. Without any disturbance, `{}`, it ends them.
   *
   * @throws {RangeError} A share is not 0 to 1, or a delay is negative or not finite.
   */
  disturb(disturbances: Disturbances): void;
  /**
   * Calls a function with each message between nodes and services when it is sent, from now on and instead of an
   * earlier function. If it returns true, the message is not sent. The test may keep it and send it later, with
   * {@linkcode SimulatedWorld.send}.
   */
  intercept(isTaken: (message: Message) => boolean): void;
  /**
   * Sends a message as its source would: one that was intercepted, or one of a node or a service that the test plays.
   * It is not intercepted.
   *
   * @throws {RangeError} Its source or its destination is not on the network.
   */
  send(message: Message): void;
  /**
   * Sets a node's clock ahead of the time of the simulation, or back if negative, from now on and also after a restart.
   * Timers keep their durations.
   *
   * @param offset Milliseconds.
   * @throws {RangeError} The name is unknown, or the offset is not finite.
   */
  skew(node: string, offset: number): void;
  /**
   * Kills a node. It loses what it had in memory.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  crash(node: string): void;
  /**
   * Starts a crashed node again, and waits until it has answered `init`.
   *
   * @throws {RangeError} The name is unknown, or the node is running.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  restart(node: string): Promise<void>;
  /**
   * Pauses a node: it does nothing, and its messages wait.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  pause(node: string): void;
  /**
   * Resumes a paused node.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  resume(node: string): void;
}
