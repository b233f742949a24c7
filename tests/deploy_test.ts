/**
 * The files for a cluster on several machines (`deploy/`), and the page about them: as far as they can be checked
 * without such machines. What they start is run by `workbench/world/cluster/cut_test.ts`.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseAll } from "@std/yaml/parse";
import { ROOT } from "../lib/workbench/cli/root.ts";
import { findServer } from "../lib/workbench/world/cluster/servers/find.ts";
import type { ClusterPlan } from "../lib/workbench/world/cluster/state.ts";
import { readEnv } from "./machine_servers.ts";
import { fakeClusters, STATE } from "./workbench/cli/cluster/fake_clusters.ts";
import { command } from "./workbench/engines/fake_command.ts";

const DEPLOY = `${ROOT}/deploy`;
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

const mayRead = (await Deno.permissions.query({ name: "read" })).state === "granted";
const mayRun = (await Promise.all((["run", "write", "env"] as const).map((name) => Deno.permissions.query({ name }))))
  .every(({ state }) => state === "granted");

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, ignore: !mayRead, fn });
}

/** Declares a test that runs programs. If it is ignored, its name says why. */
function testPrograms(name: string, programs: readonly string[], fn: (folder: string) => Promise<void>): void {
  const missing = mayRead && mayRun ? programs.filter((program) => findProgram(program) === undefined) : [];
  const reason = !mayRead || !mayRun ? "needs permission to run programs" : `${missing.join(" and ")} not installed`;
  const ignore = !mayRead || !mayRun || missing.length > 0;
  Deno.test({
    name: ignore ? `${name} (ignored: ${reason})` : name,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "deploy-" });
      await fn(folder).finally(() => Deno.remove(folder, { recursive: true }));
    },
  });
}

function findProgram(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"];
  return findServer(name as "etcd", folders);
}

/** Names of the files in a folder, in their order. */
function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Runs a program; returns what it prints. */
async function run(program: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(findProgram(program)!, { ...options, args: [...args] })
    .output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text;
}

/** Plan that `up` makes of its arguments. */
async function planOf(words: readonly string[], env: Readonly<Record<string, string>>): Promise<ClusterPlan> {
  const { clusters, planned } = fakeClusters(undefined);
  const { status, err } = await command(words.join(" "), { clusters, env: (name) => env[name] });
  assertEquals(status, 0, err);
  return planned[0]!;
}

function assertIsPart({ nodes, here, listen, isForeground, nats, etcd }: ClusterPlan, address: string): void {
  assertEquals([nodes.length, here.length, nats!.length, isForeground], [3, 1, 1, true]);
  assert(etcd!.length >= 3);
  assertEquals(listen, `${address}:7400`);
}

/** Replaces variables of an environment, as systemd, Compose and Kubernetes write them. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\{(\w+)(?::\?)?\}|\((\w+)\))/g, (_, first, second) => env[first ?? second]!);
}

async function configure(folder: string, ...flags: string[]): Promise<Record<string, string>> {
  await run("sh", [`${DEPLOY}/configure.sh`, ...flags, ...ADDRESSES], { cwd: folder });
  return await readEnv(`${folder}/n2/maelstrom.env`);
}

testPrograms("the unit of systemd starts a machine's part of the cluster", ["sh"], async (folder) => {
  const env = await configure(folder, "--plain");
  const unit = await Deno.readTextFile(`${DEPLOY}/systemd/maelstrom.service`);
  const [, line] = /^ExecStart=\S+maelstrom\.sh (.*)$/m.exec(unit)!;
  const plan = await planOf(expand(line!, env).split(" "), env);
  assertIsPart(plan, "10.0.0.2");
  assertEquals([plan.nodes, plan.here], [["n1", "n2", "n3"], ["n2"]]);
  assertEquals([plan.nats![0], plan.etcd![0]], ["nats://10.0.0.2:4222", "http://10.0.0.2:2379"]);
});

testPrograms("systemd accepts the units", ["systemd-analyze"], async (folder) => {
  for (const name of namesIn(`${DEPLOY}/systemd`)) {
    const unit = await Deno.readTextFile(`${DEPLOY}/systemd/${name}`);
    await Deno.writeTextFile(
      `${folder}/${name}`,
      unit.replaceAll("/opt/maelstrom", ROOT).replace(/=(etcd|nats-server)\b/, "=/bin/true"),
    );
  }
  const units = namesIn(folder).map((name) => `${folder}/${name}`);
  assertEquals(units.length, 3);
  assertEquals(await run("systemd-analyze", ["verify", ...units]), "");
});

/** Services of the compose file. */
interface Compose {
  services: Record<string, { command?: string[] }>;
}

testPrograms("the compose file starts a machine's part of the cluster", ["sh"], async (folder) => {
  const env = await configure(folder, "--plain");
  const [compose] = parseAll(await Deno.readTextFile(`${DEPLOY}/compose.yaml`)) as [Compose];
  assertEquals(Object.keys(compose.services), ["nats", "etcd", "maelstrom"]);
  assertIsPart(await planOf(compose.services.maelstrom!.command!.map((word) => expand(word, env)), env), "10.0.0.2");
});

testPrograms("docker-compose accepts the compose file", ["docker-compose", "sh"], async (folder) => {
  await configure(folder, "--plain");
  const text = await Deno.readTextFile(`${DEPLOY}/compose.yaml`);
  await Deno.writeTextFile(`${folder}/compose.yaml`, text.replaceAll("/etc/maelstrom", `${folder}/n2`));
  const args = ["--file", `${folder}/compose.yaml`, "--env-file", `${folder}/n2/maelstrom.env`, "config"];
  assertStringIncludes(await run("docker-compose", args), "10.0.0.2:7400");
});

/** Object of Kubernetes, as far as the tests look at it. */
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: { serviceName?: string; replicas: number; template: { spec: { containers: Container[] } } };
}

interface Container {
  name: string;
  args?: string[];
  env: { name: string; value?: string }[];
}

test("the manifest for Kubernetes starts a machine's part of the cluster in each pod", async () => {
  const objects = parseAll(await Deno.readTextFile(`${DEPLOY}/kubernetes.yaml`)) as Manifest[];
  const set = objects.find(({ kind }) => kind === "StatefulSet")!;
  assert(objects.some(({ kind, metadata: { name } }) => kind === "Service" && name === set.spec.serviceName));
  const { containers } = set.spec.template.spec;
  assertEquals(containers.map(({ name }) => name), ["nats", "etcd", "maelstrom"]);
  const pods = Array.from({ length: set.spec.replicas }, (_, index) => `${set.metadata.name}-${index}`);
  const [, etcd, { args, env }] = containers as [Container, Container, Container];
  const written = Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
  for (const pod of pods) {
    const words = args!.map((word) => expand(word, { POD_NAME: pod, POD_IP: "10.1.0.1" }));
    const plan = await planOf(words, written);
    assertIsPart(plan, "10.1.0.1");
    assertEquals([plan.nodes, plan.here], [pods, [pod]]);
    assert(plan.etcd!.includes(`http://${pod}.maelstrom:2379`));
  }
  const members = etcd.env.find(({ name }) => name === "ETCD_INITIAL_CLUSTER")!.value!.split(",");
  assertEquals(members, pods.map((pod) => `${pod}=http://${pod}.maelstrom:2380`));
});

testPrograms("nats-server accepts the manifest's configuration", ["nats-server"], async (folder) => {
  const objects = parseAll(await Deno.readTextFile(`${DEPLOY}/kubernetes.yaml`)) as Manifest[];
  const text = objects.find(({ kind }) => kind === "ConfigMap")!.data!["nats.conf"]!;
  await Deno.writeTextFile(`${folder}/nats.conf`, text);
  await run("nats-server", ["-t", "--config", `${folder}/nats.conf`], { env: { POD_NAME: "maelstrom-0" } });
});

testPrograms("configure.sh writes certificates that hold, and no key for others", ["sh", "openssl"], async (folder) => {
  const env = await configure(folder);
  assertEquals(env.NATS_URL, "tls://10.0.0.2:4222");
  assertEquals(env.ETCD_URL, "https://10.0.0.2:2379,https://10.0.0.1:2379,https://10.0.0.3:2379");
  for (const [index, address] of ADDRESSES.entries()) {
    const machine = `${folder}/n${index + 1}`;
    for (const purpose of ["sslserver", "sslclient"]) {
      const trust = ["-CAfile", `${machine}/ca.pem`, "-purpose", purpose, "-verify_ip", address];
      await run("openssl", ["verify", ...trust, `${machine}/cert.pem`]);
    }
    const files = namesIn(machine);
    assertEquals(files, ["ca.pem", "cert.pem", "etcd.env", "key.pem", "maelstrom.env", "nats.conf"]);
    assertEquals(files.map((name) => Deno.statSync(`${machine}/${name}`).mode! & 0o077), files.map(() => 0));
  }
  const authority = await Deno.readTextFile(`${folder}/ca.pem`);
  await configure(folder);
  assertEquals(await Deno.readTextFile(`${folder}/ca.pem`), authority, "a second run keeps the authority");
});

testPrograms("configure.sh keeps files that somebody has changed, and says so", ["sh", "openssl"], async (folder) => {
  await configure(folder);
  const edited = ["n1/nats.conf", "n2/etcd.env", "n3/maelstrom.env"];
  const text = "CHALLENGE=broadcast\n";
  for (const name of edited) await Deno.writeTextFile(`${folder}/${name}`, text);
  const key = await Deno.readTextFile(`${folder}/n3/key.pem`);
  await Deno.remove(`${folder}/n1/maelstrom.env`);
  const printed = await run("sh", [`${DEPLOY}/configure.sh`, ...ADDRESSES], { cwd: folder });
  for (const name of edited) assertEquals(await Deno.readTextFile(`${folder}/${name}`), text);
  assertEquals([...printed.matchAll(/kept (\S+), which has other settings/g)].map(([, name]) => name), edited);
  assertStringIncludes(await Deno.readTextFile(`${folder}/n1/maelstrom.env`), "CHALLENGE=kafka\n");
  assert(await Deno.readTextFile(`${folder}/n3/key.pem`) !== key, "certificates are new");
  const files = ["ca.pem", "cert.pem", "etcd.env", "key.pem", "maelstrom.env", "nats.conf"];
  assertEquals(namesIn(`${folder}/n2`), files);
  assertEquals((await run("sh", [`${DEPLOY}/configure.sh`, ...ADDRESSES], { cwd: folder })).match(/kept/g)!.length, 3);
});

testPrograms("configure.sh takes names of machines, too", ["sh", "openssl"], async (folder) => {
  await run("sh", [`${DEPLOY}/configure.sh`, "a.example", "b.example", "c.example"], { cwd: folder });
  const trust = ["-CAfile", `${folder}/ca.pem`, "-verify_hostname", "b.example"];
  await run("openssl", ["verify", ...trust, `${folder}/n2/cert.pem`]);
});

testPrograms("configure.sh refuses less than three machines", ["sh"], async (folder) => {
  const args = [`${DEPLOY}/configure.sh`, "--plain", "10.0.0.1"];
  const { code, stderr } = await new Deno.Command("sh", { args, cwd: folder }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "expected the addresses of three machines or more");
  assertEquals(namesIn(folder), []);
});

test("the image has the Deno that maelstrom.sh installs, and files that exist and are in its context", async () => {
  const image = await Deno.readTextFile(`${DEPLOY}/Dockerfile`);
  const script = await Deno.readTextFile(`${ROOT}/maelstrom.sh`);
  const [, version] = /^VERSION=(\S+)/m.exec(script)!;
  assertStringIncludes(image, `FROM denoland/deno:${version}\n`);
  const copied = [...image.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names]) => names!.split(" "));
  for (const name of copied) await Deno.stat(`${ROOT}/${name}`);
  assert(copied.length > 5);
  const [all, ...context] = (await Deno.readTextFile(`${ROOT}/.dockerignore`)).trim().split("\n").slice(1);
  assertEquals([all, ...context.sort()], ["*", ...copied.map((name) => `!${name.replace(/\/$/, "")}`).sort()]);
});

test("docs/machines.md names all files, and its commands are right", async () => {
  const page = await Deno.readTextFile(`${ROOT}/docs/machines.md`);
  const files = namesIn(DEPLOY).filter((name) => name !== "systemd");
  assertEquals(files.filter((name) => !page.includes(name)), []);
  const units = namesIn(`${DEPLOY}/systemd`).map((name) => name.replace(".service", ""));
  for (const unit of units) assertMatch(page, new RegExp(`systemctl enable .*\\b${unit}\\b`));
  const { clusters } = fakeClusters(STATE);
  const lines = page.matchAll(/\.\/maelstrom\.sh ((?:[\w-]+|--[\w-]+)(?: [\w./-]+)*)/g);
  const commands = [...new Set(Array.from(lines, ([, words]) => words!))];
  assert(commands.length >= 4, commands.join("\n"));
  for (const words of commands) {
    const { status, err } = await command(words, { clusters });
    assertEquals(status === 254, false, `${words}: ${err}`);
  }
});
