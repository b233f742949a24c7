import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../../../lib/workbench/base/errors.ts";
import { parseAddresses } from "../../../../../lib/workbench/search/swarm/machines/server.ts";
import { findVersions } from "../../../../../lib/workbench/search/swarm/machines/version.ts";
import { fakeMachine } from "../../../engines/fake_machine.ts";

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
