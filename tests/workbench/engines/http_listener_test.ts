import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { listen } from "../../../lib/workbench/engines/http_listener.ts";

const ignore = Deno.permissions.querySync({ name: "net" }).state !== "granted";

Deno.test({ name: "a listener answers, tells of errors, and ends all connections", ignore }, async () => {
  const errors: string[] = [];
  const handle = (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/fail") return Promise.reject(new Error("boom"));
    // This one never ends by itself.
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("hello")) });
    return Promise.resolve(new Response(body));
  };
  const listener = listen("127.0.0.1", 0, handle, (line) => void errors.push(line));
  const address = `http://127.0.0.1:${listener.port}`;
  const failed = await fetch(`${address}/fail`);
  assertEquals([failed.status, await failed.text()], [
    500,
    "Cannot answer this: the server has failed; its terminal says why\n",
  ]);
  assertEquals(errors, ["Cannot answer a request: boom"]);
  const reader = (await fetch(address)).body!.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "hello");
  await listener.close();
  await reader.read().catch(() => {});
});

Deno.test({ name: "an address that cannot be listened on is a mistake, with the next step", ignore }, async () => {
  const handle = () => Promise.resolve(new Response());
  const first = listen("127.0.0.1", 0, handle, () => {});
  const { port } = first;
  assertThrows(
    () => listen("127.0.0.1", port, handle, () => {}),
    UsageError,
    `Cannot listen on 127.0.0.1, port ${port}: another program uses it; expected another --port, or --port 0 for ` +
      "any that is free",
  );
  assertThrows(() => listen("192.0.2.1", 0, handle, () => {}), UsageError, "it is no address of this machine");
  await first.close();
});
