/**
 * The run that the machines of a cluster have in common: the challenge, the nodes, and a name, which is a part of the
 * services' keys. It is in etcd at `CLUSTER/run`. The first machine writes it, and the others have to agree with it; a
 * test replaces it. So a machine that starts again finds the data of the cluster.
 *
 * @module
 */

import type { Etcd } from "../../../cluster/etcd.ts";
import { FailedError } from "../../base/errors.ts";
import type { ClusterPlan, MachinePlace } from "./state.ts";

/** Part of a plan on which all machines must agree. */
type Common = Pick<ClusterPlan, "cluster" | "challenge" | "program" | "nodes">;

/** Run that a machine has joined. */
export interface JoinedRun {
  run: string;
  /** True if this machine has begun it. */
  isNew: boolean;
  /** Run in whose place it is: that of another cluster of this name, which has ended. Nobody needs its data. */
  abandoned?: string;
}

/**
 * Joins the run of a cluster, or begins one.
 *
 * @param listOthers Lists the places of the other machines.
 * @throws {FailedError} The other machines run another challenge, or have other nodes.
 */
export async function joinRun(
  etcd: Pick<Etcd, "create" | "swap">,
  plan: Common,
  listOthers: () => Promise<readonly MachinePlace[]>,
): Promise<JoinedRun> {
  const run = newRun();
  const [key, text] = [keyOf(plan.cluster), formatRun(run, plan)];
  const { isDone, value } = await etcd.create(key, text);
  if (isDone) return { run, isNew: true };
  const present = parseRun(value!);
  if (formatRun(present.run, plan) === value) return { run: present.run, isNew: false };
  const [other] = await listOthers();
  if (other !== undefined) throw disagreement(plan, present, other);
  const swapped = await etcd.swap({ key, from: value!, to: text, createIfNotExists: true });
  if (swapped.isDone) return { run, isNew: true, abandoned: present.run };
  throw new FailedError(`Another machine starts the cluster ${plan.cluster} at this moment: try again`);
}

function disagreement(plan: Common, present: StoredRun, { control }: MachinePlace): FailedError {
  const describe = ({ program, args, nodes }: Omit<StoredRun, "run">) =>
    `${[program, ...args].join(" ")} on the nodes ${nodes.join(", ")}`;
  const { cluster, nodes, program: { args } } = plan;
  return new FailedError(
    `The cluster ${cluster} has ${describe(present)}, as its machine at ${control} says; expected the same here, ` +
      `not ${describe({ program: nameOf(plan), args, nodes })}; or name another cluster with --cluster`,
  );
}

/** Begins a new run in the place of the present one; returns its name. */
export async function replaceRun(etcd: Pick<Etcd, "write">, plan: Common): Promise<string> {
  const run = newRun();
  await etcd.write(keyOf(plan.cluster), formatRun(run, plan));
  return run;
}

/**
 * Reads the name of the present run.
 *
 * @throws {FailedError} There is none.
 */
export async function readRun(etcd: Pick<Etcd, "read">, cluster: string): Promise<string> {
  return parseRun(await readText(etcd, cluster)).run;
}

async function readText(etcd: Pick<Etcd, "read">, cluster: string): Promise<string> {
  const { value } = await etcd.read(keyOf(cluster), false);
  if (value === undefined) throw new FailedError(`The cluster ${cluster} has ended: its run is not in etcd any more`);
  return value;
}

/**
 * Removes the present run and its data.
 *
 * @throws {FailedError} A server does not answer in time. The run is still there, or was replaced by another machine.
 */
export async function removeRun(etcd: RunStore, cluster: string, removeBucket: RemoveBucket): Promise<void> {
  const text = await readText(etcd, cluster);
  // A machine that starts now begins a run of its own.
  await etcd.removeAll(keyOf(cluster));
  try {
    await removeData(etcd, cluster, parseRun(text).run, removeBucket);
  } catch (error) {
    // So the next cluster of this name finds the data: it goes on with it, or removes it.
    await etcd.create(keyOf(cluster), text).catch(() => {});
    throw error;
  }
}

/** Requests to etcd for a run and its data. */
type RunStore = Pick<Etcd, "read" | "create" | "removeAll">;

/** Removes a bucket of JetStream, and throws if that is not possible. */
export type RemoveBucket = (name: string) => Promise<void>;

/**
 * Removes the data of a run: the bucket first, as the wait for it may end in an error.
 *
 * @throws {FailedError} A server does not answer in time.
 */
export async function removeData(
  etcd: Pick<Etcd, "removeAll">,
  cluster: string,
  run: string,
  removeBucket: RemoveBucket,
): Promise<void> {
  await removeBucket(bucketName(cluster, run));
  await etcd.removeAll(`${cluster}/${run}/`);
}

/** Returns the name of the bucket of lww-kv. */
export function bucketName(cluster: string, run: string): string {
  return `${cluster}-${run}`;
}

/** Value of the key. */
interface StoredRun {
  run: string;
  program: string;
  args: readonly string[];
  nodes: readonly string[];
}

function formatRun(run: string, plan: Common): string {
  const { program: { args }, nodes } = plan;
  return JSON.stringify({ run, program: nameOf(plan), args, nodes });
}

/** Name of the challenge and of the program's file, whose folder may differ from machine to machine. */
function nameOf({ challenge, program: { path } }: Common): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return challenge === null ? file : `challenge ${challenge}, ${file}`;
}

function parseRun(text: string): StoredRun {
  try {
    const { run, program, args, nodes } = JSON.parse(text);
    return { run: String(run), program: String(program), args: [...args], nodes: [...nodes] };
  } catch {
    return { run: "", program: "?", args: [], nodes: [] };
  }
}

function keyOf(cluster: string): string {
  return `${cluster}/run`;
}

function newRun(): string {
  return crypto.randomUUID().slice(0, 8);
}
