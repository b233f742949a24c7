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

Deno.test("a request that changes nothing is repeated with the next members when it is late or fails", async () => {
  const late = Promise.withResolvers<string>();
  const asked: string[] = [];
  let ending: AbortSignal | undefined;
  const request = (url: string, signal?: AbortSignal) => {
    asked.push(url);
    ending ??= signal;
    if (url === "a") return late.promise;
    return url === "b" ? Promise.reject(new RPCError("timeout")) : Promise.resolve(url);
  };
  const ask = chooseMember(["a", "b", "c"], 1);
  assertEquals(await ask(request, true), "c");
  assertEquals([asked, ending?.aborted], [["a", "b", "c"], true]);
  // Later requests, also those that change something, go to the member that has answered.
  assertEquals(await ask(request), "c");
});

Deno.test("the late answer of a member counts while no other one has answered", async () => {
  const late = Promise.withResolvers<string>();
  const request = (url: string) => {
    if (url === "b") late.resolve("late");
    return url === "a" ? late.promise : new Promise<string>(() => {});
  };
  assertEquals(await chooseMember(["a", "b", "c"], 1)(request, true), "late");
});

Deno.test("if no member answers, the error is that of the last one", async () => {
  const fail = (url: string) => Promise.reject(new RPCError("timeout", `${url} is down`));
  await assertRejects(() => chooseMember(["a", "b"])(fail, true), RPCError, "b is down");
});
