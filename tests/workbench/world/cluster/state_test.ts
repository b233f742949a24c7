import { assertEquals, assertThrows } from "@std/assert";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { readState, readStateToken } from "../../../../lib/workbench/world/cluster/state.ts";

const IGNORED = (await Deno.permissions.query({ name: "write" })).state !== "granted";

function testState(name: string, fn: (folder: string) => void): void {
  Deno.test({
    name,
    ignore: IGNORED,
    fn() {
      const folder = Deno.makeTempDirSync();
      fn(folder);
      Deno.removeSync(folder, { recursive: true });
    },
  });
}

testState("readState() returns undefined if there is no cluster", (folder) => {
  assertEquals(readState(folder), undefined);
  assertEquals(readState(`${folder}/none`), undefined);
  assertEquals(readStateToken(folder), undefined);
});

testState("readState() refuses a damaged state, as its cluster may run", (folder) => {
  for (const text of ["", "{", "null", "7", '{"pid":1}', '{"token":"t","control":"","cluster":"c","nodes":["n0"]}']) {
    Deno.writeTextFileSync(`${folder}/state.json`, text);
    assertThrows(() => readState(folder), FailedError, `Cannot read ${folder}/state.json: it is no state of a cluster`);
    assertEquals(readStateToken(folder), undefined);
  }
});

testState("readState() reads a state", (folder) => {
  const lists = { nodes: ["n0"], here: ["n0"], nats: [], etcd: [] };
  const state = { token: "t", control: "", cluster: "c", ...lists, servers: { "nats-server": [], "etcd": [] } };
  Deno.writeTextFileSync(`${folder}/state.json`, JSON.stringify(state));
  assertEquals(readState(folder) as unknown, state);
  assertEquals(readStateToken(folder), "t");
});
