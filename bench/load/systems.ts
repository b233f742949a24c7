/**
 * The systems that are measured: a cluster of this project, and other stores that do the same work.
 *
 * @module
 */

import { connect } from "@nats-io/transport-node";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import type { Clock } from "../../lib/workbench/world/clock.ts";
import { startChild } from "../../lib/workbench/world/cluster/child.ts";
import { composeControl, createControl } from "../../lib/workbench/world/cluster/control.ts";
import { requireServer } from "../../lib/workbench/world/cluster/servers/find.ts";
import { startServer } from "../../lib/workbench/world/cluster/servers/group.ts";
import { freePort } from "../../lib/workbench/world/cluster/servers/ports.ts";
import { CLUSTER_FOLDER, readState } from "../../lib/workbench/world/cluster/state.ts";
import { clusterWorld } from "../../lib/workbench/world/cluster/world.ts";
import type { World } from "../../lib/workbench/world/hosts/world.ts";
import type { Parts } from "./cpu.ts";
import { directWorld } from "./direct_world.ts";
import { createLog, jetStreamLog } from "./jetstream_answers.ts";
import { connectRedis } from "./redis.ts";
import { redisLog, redisTransactions } from "./redis_answers.ts";

/** System that is measured. */
export interface System {
  name: string;
  /** Copy of the data that outlives what. */
  durability: string;
  /** Opens a world for one test, without data of tests before. */
  open(clock: Clock): Promise<OpenWorld>;
  close(): Promise<void>;
}

/** World of one test. */
export interface OpenWorld {
  world: World;
  /** Finds the processes, when the nodes run. */
  parts(): Promise<Parts>;
  close(): Promise<void>;
}

/** Starts a system for a challenge. */
export type StartSystem = (challenge: string, nodes: number) => Promise<System>;

/** The systems by their names in the command line. */
export const SYSTEMS: Readonly<Record<string, StartSystem>> = {
  "cluster": startCluster,
  "redis": (challenge) => startRedis(challenge, "everysec"),
  "redis-memory": (challenge) => startRedis(challenge, "no"),
  "jetstream": startJetStream,
};

/** The systems that do the work of a challenge: JetStream has no transactions of several keys. */
export function systemsFor(challenge: string): string[] {
  return Object.keys(SYSTEMS).filter((name) => challenge === "5c" || name !== "jetstream");
}

async function startCluster(challenge: string, nodes: number): Promise<System> {
  await maelstrom("up", challenge, "--nodes", String(nodes));
  const state = readState(`${ROOT}/${CLUSTER_FOLDER}`)!;
  const control = composeControl([{ nodes: state.nodes, control: createControl(state) }]);
  return {
    name: "cluster",
    durability: "memory of all nodes",
    async open(clock) {
      const connection = await connect({ servers: [...state.nats], noEcho: true, name: "workbench" });
      await control.reset(false);
      const openLog = () => ({ path: "", isWhole: true, write() {}, close() {} });
      const world = clusterWorld({
        clock,
        cluster: state.cluster,
        servers: state.servers,
        control,
        connection,
        openLog,
      });
      return {
        world,
        async parts() {
          const { nodes, servers } = await control.report();
          const processes = [...servers, ...nodes.map(({ id, ...node }) => ({ name: id, ...node }))];
          return new Map(
            processes.flatMap(({ name, pid, end }) => pid === null || end !== null ? [] : [[name, pid] as const]),
          );
        },
        async close() {
          world.close();
          await connection.close();
        },
      };
    },
    close: () => maelstrom("down"),
  };
}

async function maelstrom(...args: string[]): Promise<void> {
  const env = { DENO: Deno.execPath() };
  const { success } = await new Deno.Command(`${ROOT}/maelstrom.sh`, { args, env, stdout: "null" }).output();
  if (!success) throw new Error(`./maelstrom.sh ${args.join(" ")} failed`);
}

/** @param sync Value of `appendfsync`, or `no` for no file at all. */
async function startRedis(challenge: string, sync: "everysec" | "no"): Promise<System> {
  const folder = await Deno.makeTempDir({ prefix: "load-" });
  const port = freePort();
  const file = sync === "no" ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", sync];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", "", ...file];
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const child = startChild({ bin: "redis-server", args, env, log: `${folder}/redis.log` });
  await untilListening(port);
  return {
    name: sync === "no" ? "redis-memory" : "redis",
    durability: sync === "no" ? "memory of one process" : "file, synchronised each second",
    async open(clock) {
      const admin = await connectRedis(port);
      await admin.command("FLUSHALL");
      const connections = [admin];
      const world = directWorld(clock, async () => {
        const redis = await connectRedis(port);
        connections.push(redis);
        return challenge === "5c" ? redisLog(redis) : redisTransactions(redis);
      });
      const close = () => Promise.resolve(connections.forEach((connection) => connection.close()));
      return { world, parts: () => Promise.resolve(new Map([["redis-server", child.pid]])), close };
    },
    async close() {
      await child.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Nothing listens on port ${port}`);
}

async function startJetStream(): Promise<System> {
  const folder = await Deno.makeTempDir({ prefix: "load-" });
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const server = await startServer("nats-server", { folder, bin: requireServer("nats-server", "nats"), env });
  return {
    name: "jetstream",
    durability: "file, synchronised each 2 minutes",
    async open(clock) {
      const admin = await connect({ servers: server.url });
      await createLog(admin);
      const connections = [admin];
      const world = directWorld(clock, async () => {
        const connection = await connect({ servers: server.url });
        connections.push(connection);
        return await jetStreamLog(connection);
      });
      const close = async () => void await Promise.all(connections.map((connection) => connection.close()));
      return { world, parts: () => Promise.resolve(new Map([["nats-server", server.state().pid!]])), close };
    },
    async close() {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
