import { assertEquals, assertRejects } from "@std/assert";
import { chooseMember } from "../../lib/cluster/etcd_members.ts";
import { type ErrorName, RPCError } from "../../lib/protocol.ts";

/** Creates a request that fails with an error at some members. */
function createRequest(failures: Partial<Record<string, ErrorName>>) {
  const asked: string[] = [];
  const request = (url: string) => {
    asked.push(url);
    const failure = failures[url];
    return failure === undefined ? Promise.resolve(url) : Promise.reject(new RPCError(failure));
  };
  return { asked, request };
}

Deno.test("all requests go to one member, until it fails", async () => {
  const failures: Partial<Record<string, ErrorName>> = {};
  const { asked, request } = createRequest(failures);
  const ask = chooseMember(["a", "b", "c"]);
  assertEquals([await ask(request), await ask(request)], ["a", "a"]);
  failures.a = "timeout";
  await assertRejects(() => ask(request), RPCError, "timeout");
  assertEquals(await ask(request), "b");
  assertEquals(asked, ["a", "a", "a", "b"]);
});

Deno.test("a request that could not be sent goes to the next member, at most once to each", async () => {
  const { asked, request } = createRequest({ a: "temporarily-unavailable", b: "temporarily-unavailable" });
  const ask = chooseMember(["a", "b", "c"]);
  assertEquals([await ask(request), await ask(request)], ["c", "c"]);
  assertEquals(asked, ["a", "b", "c", "c"]);
  const none = createRequest({ a: "temporarily-unavailable", b: "temporarily-unavailable" });
  await assertRejects(() => chooseMember(["a", "b"])(none.request), RPCError, "temporarily-unavailable");
  assertEquals(none.asked, ["a", "b"]);
});

Deno.test("the failures of a member that was given up already change nothing", async () => {
  const ask = chooseMember(["a", "b", "c"]);
  const fail = () => Promise.reject(new RPCError("timeout"));
  const late = Promise.withResolvers<string>();
  const first = assertRejects(() => ask(() => late.promise), RPCError);
  await assertRejects(() => ask(fail), RPCError);
  await assertRejects(() => ask(fail), RPCError);
  late.reject(new RPCError("timeout"));
  await first;
  assertEquals(await ask((url) => Promise.resolve(url)), "c");
});

Deno.test("while a member is late, later requests go to the next one", async () => {
  const ask = chooseMember(["a", "b"], 1);
  const late = Promise.withResolvers<string>();
  const first = ask(() => late.promise);
  let url = "a";
  while (url === "a") {
    await new Promise((resolve) => setTimeout(resolve, 1));
    url = await ask((url) => Promise.resolve(url));
  }
  assertEquals(url, "b");
  late.resolve("late");
  assertEquals(await first, "late");
  assertEquals(await ask((url) => Promise.resolve(url)), "b");
});
