import { assertEquals, assertRejects } from "@std/assert";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import {
  composeControl,
  createControl,
  type MachineControl,
  UnreachableError,
  WORK_HEADER,
} from "../../../../lib/workbench/world/cluster/control.ts";
import { createDesk } from "../../../../lib/workbench/world/cluster/control_server.ts";
import type { NodeState } from "../../../../lib/workbench/world/cluster/state.ts";

const STATE: NodeState = { id: "n0", state: "running", pid: 1, end: null, log: "/c/n0.log", logStart: 0 };

/** Machines that the test plays. What they do is in `done`; a step takes as many turns as its machine's number. */
function createMachines(nodes: readonly string[][]) {
  const done: string[] = [];
  const machines = nodes.map((nodes, machine) => {
    const control: MachineControl = {
      addresses: () => Promise.resolve([]),
      report: () =>
        machine === 1
          ? Promise.reject(new UnreachableError("gone"))
          : Promise.resolve({ pid: machine, nodes: nodes.map((id) => ({ ...STATE, id })), servers: [] }),
      async step(step) {
        for (let turn = 0; turn < machine; turn++) await Promise.resolve();
        done.push(`${step} ${machine}`);
      },
      node: (id, action) => Promise.resolve(done.push(`${action} ${id} at ${machine}`)).then(() => STATE),
      server: (name, action) => Promise.resolve(`${action} ${name}`),
      log: (id, from) => Promise.resolve({ pieces: [], next: from, now: done.push(`log ${id} at ${machine}`) }),
      stop: () => Promise.resolve(),
    };
    return { nodes, control };
  });
  return { done, control: composeControl(machines) };
}

Deno.test("a reset does each step on all machines, before it begins the next one", async () => {
  const { done, control } = createMachines([["n0"], ["n1"]]);
  await control.reset(false);
  assertEquals(done, ["clear 0", "clear 1", "renew 0", "begin 0", "begin 1"]);
  done.length = 0;
  const steps: string[] = [];
  await control.reset(true, (step) => steps.push(`${step} after ${done.length}`));
  assertEquals(done.slice(-2), ["fill 0", "fill 1"]);
  assertEquals(steps, ["clear after 0", "renew after 2", "begin after 3", "fill after 5"]);
});

Deno.test("an action on a node goes to its machine, and a report has the machines that answer", async () => {
  const { done, control } = createMachines([["n0", "n2"], ["n1"]]);
  await control.node("n1", "kill");
  await control.node("n2", "pause");
  await control.log("n1", 7);
  assertEquals(done, ["kill n1 at 1", "pause n2 at 0", "log n1 at 1"]);
  await assertRejects(() => control.node("n3", "kill"), FailedError, "n3 runs on no machine of the cluster");
  assertEquals((await control.report()).nodes.map(({ id }) => id), ["n0", "n2"]);
});

const mayListen = (await Deno.permissions.query({ name: "net" })).state === "granted";

Deno.test({ name: "a supervisor that refuses, and one that is gone, are told apart", ignore: !mayListen }, async () => {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}${new URL(request.url).search}`);
    return new Response("It is busy", { status: 500 });
  });
  const place = { control: `http://127.0.0.1:${server.addr.port}`, token: "t" };
  await assertRejects(() => createControl(place).node("a:b", "kill"), FailedError, "It is busy");
  await assertRejects(() => createControl(place).log("n0", -5), FailedError, "It is busy");
  assertEquals(asked, ["POST /nodes/a%3Ab/kill", "GET /nodes/n0/log?from=-5"]);
  await server.shutdown();
  const gone = await assertRejects(() => createControl(place).report(), UnreachableError);
  assertEquals(gone.message.startsWith(`Cannot reach the cluster's supervisor at ${place.control}: `), true);
});

Deno.test({ name: "work whose answer is lost is asked for again, and done once", ignore: !mayListen }, async () => {
  const desk = createDesk(() => asked === 1 ? undefined : "no leader", 20);
  const done: string[] = [];
  let asked = 0;
  const { promise: silence, resolve: endSilence } = Promise.withResolvers<Response>();
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const answer = desk(request.headers.get(WORK_HEADER), async () => {
      await finished;
      done.push(new URL(request.url).pathname);
    });
    asked++;
    if (asked === 3) finish();
    // A cut: the first answer never comes.
    return asked === 1 ? silence : answer;
  });
  const place = { control: `http://127.0.0.1:${server.addr.port}`, token: "t" };
  const reasons: string[] = [];
  await createControl(place, 1000).step("begin", (reason) => reasons.push(reason));
  assertEquals({ asked, done, reasons }, { asked: 3, done: ["/begin"], reasons: ["no leader"] });
  endSilence(new Response());
  await server.shutdown();
});

Deno.test({ name: "a supervisor that stays silent is given up", ignore: !mayListen }, async () => {
  const { promise: silence, resolve: endSilence } = Promise.withResolvers<Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => silence);
  const place = { control: `http://127.0.0.1:${server.addr.port}`, token: "t" };
  await assertRejects(() => createControl(place, 20, 30).step("begin"), FailedError, "does not answer within 0.03 s");
  endSilence(new Response());
  await server.shutdown();
});
