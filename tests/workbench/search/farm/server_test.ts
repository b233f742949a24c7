import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../../lib/workbench/base/errors.ts";
import { parseAddresses } from "../../../../lib/workbench/search/farm/server.ts";
import { findVersions } from "../../../../lib/workbench/search/farm/version.ts";
import { fakeMachine } from "../../engines/fake_machine.ts";

Deno.test("parseAddresses() takes the login out of an address", () => {
  assertEquals(parseAddresses("nats://127.0.0.1:4222"), {
    servers: ["nats://127.0.0.1:4222"],
    address: "nats://127.0.0.1:4222",
  });
  assertEquals(parseAddresses("tls://me:a%40b:c@h.example, nats://[::1]:4222/"), {
    servers: ["tls://h.example", "nats://[::1]:4222"],
    address: "tls://h.example, nats://[::1]:4222",
    user: "me",
    pass: "a@b:c",
  });
  assertEquals(parseAddresses("nats://s3cr%t@h").token, "s3cr%t");
});

Deno.test("parseAddresses() explains a bad address without its login", () => {
  for (
    const text of ["", "h:4222", "http://h", "nats://", "nats://me:secret@", "me:secret@h", "nats://me:secret@h:x"]
  ) {
    const { message } = assertThrows(() => parseAddresses(text), UsageError);
    assertStringIncludes(message, ": expected the address of a NATS server, such as nats://127.0.0.1:4222");
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
