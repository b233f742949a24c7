import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { FailedError, UsageError } from "../../../../../lib/workbench/base/errors.ts";
import { openSwarmServer, parseAddresses } from "../../../../../lib/workbench/search/swarm/machines/server.ts";
import { findVersions } from "../../../../../lib/workbench/search/swarm/machines/version.ts";
import { fakeMachine } from "../../../engines/fake_machine.ts";
import { testWithServers } from "../../../../servers.ts";

Deno.test("parseAddresses() parses names and addresses of hosts", () => {
  assertEquals(parseAddresses("nats://127.0.0.1:4222"), ["nats://127.0.0.1:4222"]);
  assertEquals(parseAddresses("tls://h.example, nats://[::1]:4222/"), ["tls://h.example", "nats://[::1]:4222"]);
});

Deno.test("parseAddresses() explains a bad address", () => {
  for (const text of ["", "h:4222", "http://h", "nats://", "nats://h:x"]) {
    const { message } = assertThrows(() => parseAddresses(text), UsageError);
    assertStringIncludes(message, ": expected the address of a NATS server, such as nats://127.0.0.1:4222");
  }
});

Deno.test("parseAddresses() refuses a port that does not exist", () => {
  for (const text of ["nats://h:99999", "nats://h:0", "nats://a:1,nats://[::1]:65536/"]) {
    const { message } = assertThrows(() => parseAddresses(text), UsageError);
    assertStringIncludes(message, "such as nats://127.0.0.1:4222, with a port from 1 to 65535");
  }
  assertEquals(parseAddresses("nats://h:65535,nats://[::1]"), ["nats://h:65535", "nats://[::1]"]);
});

Deno.test({
  name: "a swarm names the variable of a file that cannot be used, before it connects",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  async fn() {
    const machine = fakeMachine({ env: (name) => name === "NATS_CREDS" ? "/nope" : undefined });
    await assertRejects(
      () => openSwarmServer("nats://127.0.0.1:1", "test", machine),
      UsageError,
      "Cannot read /nope: No such file or directory; see $NATS_CREDS",
    );
  },
});

testWithServers("a swarm says that a login is for another spelling", ["nats-server"], async ({ startPlainNats }) => {
  const { url } = await startPlainNats("--user me --pass s3cret");
  const other = url.replace("127.0.0.1", "localhost");
  const machine = fakeMachine({
    env: (name) => name === "NATS_URL" ? other.replace("//", "//me:s3cret@") : undefined,
  });
  const { message } = await assertRejects(() => openSwarmServer(url, "test", machine), FailedError, "wants a login");
  assertStringIncludes(message, `. $NATS_URL has a login, but for ${other}: expected the same spelling as in ${url}`);
  assert(!message.includes("s3cret"), message);
});

Deno.test("parseAddresses() refuses a login, and does not show it", () => {
  for (const text of ["nats://me:secret@", "me:secret@h", "nats://me:secret@h:x", "nats://a,nats://secret@b"]) {
    const { message } = assertThrows(() => parseAddresses(text), UsageError);
    assertStringIncludes(message, "set $NATS_URL to the same address with it");
    assert(!message.includes("secret"), message);
  }
});

Deno.test("findVersions() depends on the names and texts of the sources, not on where they are", async () => {
  const versionOf = async (root: string, texts: Record<string, string>) => {
    const files = Object.entries(texts).map(([name, text]) => [`${root}/${name}`, text]);
    const machine = fakeMachine({
      root,
      filesIn: (path) =>
        files.filter(([name]) => name!.startsWith(`${path}`)).map(([path]) => ({
          path: path!,
          size: 1,
          modifiedAt: 0,
        })),
      hmac: async (_, text) => {
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
        return new Uint8Array(digest).join();
      },
    });
    machine.files = { ...machine.files, readTextFile: (path) => Object.fromEntries(files)[path] };
    return await findVersions(machine, undefined);
  };
  const sources = { "mod.ts": "a", "lib/b.ts": "b", "lib/c.md": "c" };
  const { version, program } = await versionOf("/project", sources);
  assertEquals(program, null);
  assertEquals((await versionOf("/else/where", sources)).version, version);
  assertEquals((await versionOf("/project", { ...sources, "lib/c.md": "d" })).version, version);
  assert((await versionOf("/project", { ...sources, "lib/b.ts": "d" })).version !== version);
  assert((await versionOf("/project", { "mod.ts": "a", "lib/x.ts": "b" })).version !== version);
});
