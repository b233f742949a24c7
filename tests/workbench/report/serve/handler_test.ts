import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { testWithStore } from "../../run/store/test_with_store.ts";
import { historyText, type ServedStore, serveStore, writeRun, writeRunning } from "./served_store.ts";

const RUN = "broadcast/20261129T120000";

/** Statuses of responses, whose bodies are read. */
async function statuses(server: ServedStore, requests: [string, Record<string, string>?, string?][]) {
  const all = [];
  for (const request of requests) {
    const response = await server.get(...request);
    await response.body?.cancel();
    all.push(response.status);
  }
  return all;
}

testWithStore("the files of a run have their types, and cannot become something else", async (store) => {
  await writeRun(store, RUN, {}, { "report.html": "<p>hi", "history.jsonl": "{}\n", "x.bin": "\0", "a b#?.log": "hi" });
  await Deno.symlink(RUN, `${store}/latest`);
  const server = serveStore(store);
  for (
    const [name, type] of [
      ["results.json", "application/json; charset=utf-8"],
      ["history.jsonl", "text/plain; charset=utf-8"],
      ["node-logs/n0.log", "text/plain; charset=utf-8"],
      ["report.html", "text/html; charset=utf-8"],
      ["x.bin", "application/octet-stream; charset=utf-8"],
      ["a%20b%23%3F.log", "text/plain; charset=utf-8"],
    ] as const
  ) {
    for (const path of [`/runs/${RUN}/${name}`, `/runs/latest/${name}`]) {
      const response = await server.get(path);
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get("content-type")], [200, type], path);
      assertEquals(response.headers.get("x-content-type-options"), "nosniff");
      assertStringIncludes(response.headers.get("content-security-policy")!, "default-src 'none'");
      assertStringIncludes(response.headers.get("content-security-policy")!, "sandbox allow-scripts");
    }
  }
  assertEquals(await (await server.get(`/runs/${RUN}/report.html`)).text(), "<p>hi");
  assertEquals(await (await server.get(`/runs/${RUN}/report.html`, {}, "HEAD")).text(), "");
});

testWithStore("no path leaves the store", async (root) => {
  const store = `${root}/store`;
  await writeRun(store, RUN);
  await Deno.writeTextFile(`${root}/secret.txt`, "secret");
  await Deno.mkdir(`${root}/store-2`);
  await Deno.writeTextFile(`${root}/store-2/secret.txt`, "secret");
  await Deno.writeTextFile(`${store}/.hidden`, "secret");
  await Deno.symlink(`${root}/secret.txt`, `${store}/${RUN}/link.txt`);
  await Deno.symlink("../../../store-2", `${store}/${RUN}/folder`);
  await Deno.symlink("/", `${store}/latest`);
  const server = serveStore(store);
  const paths = [
    "/../secret.txt",
    "/runs/../../secret.txt",
    `/runs/${RUN}/../../../secret.txt`,
    `/runs/${RUN}/%2e%2e/%2e%2e/%2e%2e/secret.txt`,
    `/runs/${RUN}/..%2f..%2f..%2fsecret.txt`,
    `/runs/${RUN}/..%5c..%5csecret.txt`,
    `/runs/${RUN}/%252e%252e/secret.txt`,
    `/runs/%2f${root}/secret.txt`,
    `/runs/${RUN}/results.json%00.html`,
    `/runs/${RUN}/%zz`,
    "/runs//etc/passwd",
    "/runs/latest/etc/passwd",
    `/runs/${RUN}/link.txt`,
    `/runs/${RUN}/folder/secret.txt`,
    `/runs/${RUN}/folder/`,
    "/runs/.hidden",
    `/runs/./.hidden`,
    `/runs/${RUN}/nothing.txt`,
    `/runs/${RUN}/results.json/`,
    "/runs/",
    "/runs/broadcast/",
    "/runs",
    "/page/../runs",
    "/page/__proto__",
    "/page/main.js",
    "/nothing",
  ];
  for (const path of paths) {
    const response = await server.get(path);
    const text = await response.text();
    assert([403, 404].includes(response.status), `${path}: ${response.status}`);
    assert(!text.includes("secret\n") && text !== "secret" && !text.includes("root:"), path);
  }
});

testWithStore("a pipe in the store is no file", async (store) => {
  await writeRun(store, RUN);
  const { success } = await new Deno.Command("mkfifo", { args: [`${store}/${RUN}/pipe.log`] }).output();
  if (success) assertEquals(await statuses(serveStore(store), [[`/runs/${RUN}/pipe.log`]]), [404]);
});

testWithStore("other hosts, origins and methods are refused", async (store) => {
  await writeRun(store, RUN);
  const server = serveStore(store);
  const fetched = { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" };
  const opened = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const framed = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
  const refused: [string, Record<string, string>?, string?][] = [
    ["/", { host: "evil.example" }],
    ["/", { host: "127.0.0.1.evil.example:8080" }],
    ["/", { host: "192.168.0.7:8080" }],
    ["/", { origin: "http://evil.example" }],
    ["/", { origin: "http://127.0.0.1:9090" }],
    ["/events", { origin: "null" }],
    ["/", { "sec-fetch-site": "cross-site", ...fetched }],
    ["/", { "sec-fetch-site": "same-site", ...fetched }],
    [`/runs/${RUN}/results.json`, { "sec-fetch-site": "cross-site", ...framed }],
  ];
  assertEquals(await statuses(server, refused), refused.map(() => 403));
  assertEquals(await statuses(server, ["POST", "PUT", "DELETE", "OPTIONS"].map((method) => ["/", {}, method])), [
    ...[405, 405, 405, 405],
  ]);
  const allowed: [string, Record<string, string>?, string?][] = [
    ["/", { host: "localhost:9090" }],
    ["/", { host: "[::1]:8080" }],
    ["/", { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin", ...fetched }],
    ["/", { "sec-fetch-site": "none", ...opened }],
    ["/", { "sec-fetch-site": "cross-site", ...opened }],
  ];
  assertEquals(await statuses(server, allowed), allowed.map(() => 200));
  const everywhere = serveStore(store, "0.0.0.0");
  assertEquals(await statuses(everywhere, [["/", { host: "192.168.0.7:8080" }], ["/", { host: "evil.example" }]]), [
    ...[200, 403],
  ]);
});

testWithStore("pages may load nothing but this server's files, and cannot be framed", async (store) => {
  const server = serveStore(store);
  const response = await server.get("/");
  const page = await response.text();
  const policy = response.headers.get("content-security-policy")!;
  assert(!policy.includes("unsafe"));
  for (const part of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    assertStringIncludes(policy, part);
  }
  // All that the page and its modules name is there.
  const seen = new Set(Array.from(page.matchAll(/(?:src|href)="(\/page\/[^"]*)"/g), ([, path]) => path!));
  for (const path of seen) {
    const file = await server.get(path);
    assertEquals(file.status, 200, path);
    const imports = (await file.text()).matchAll(/ from "(\.[^"]+)";/g);
    for (const [, name] of imports) seen.add(new URL(name!, `http://x${path}`).pathname);
  }
  assert(seen.size > 6, [...seen].join());
});

testWithStore("a folder lists its files, with a link to each", async (store) => {
  await writeRun(store, RUN, {}, { "<b>.log": "", ".secret": "" });
  const server = serveStore(store);
  const moved = await server.get(`/runs/${RUN}`);
  assertEquals([moved.status, moved.headers.get("location")], [308, `/runs/${RUN}/`]);
  const page = await (await server.get(`/runs/${RUN}/`)).text();
  assertStringIncludes(page, '<a href="results.json">results.json</a>');
  assertStringIncludes(page, '<a href="node-logs/n0.log">');
  assertStringIncludes(page, '<a href="%3Cb%3E.log">&lt;b&gt;.log</a>');
  assert(!page.includes("secret"));
});

testWithStore("runs are compared by their paths in the store, and only those", async (store) => {
  const other = "broadcast/20261129T130000";
  for (const path of [RUN, other]) await writeRun(store, path, {}, { "history.jsonl": historyText(20, 5) });
  await writeRunning(store, "broadcast/20261129T140000");
  const server = serveStore(store);
  const compare = async (...paths: string[]) => {
    const query = paths.map((path) => `run=${encodeURIComponent(path)}`).join("&");
    const response = await server.get(`/compare?${query}`);
    return [response.status, await response.text()] as const;
  };
  const [status, page] = await compare(RUN, other);
  assertEquals(status, 200);
  assertStringIncludes(page, "<title>A 3e broadcast, B 3e broadcast: comparison</title>");
  assertEquals(await compare(RUN, "../../etc"), [404, "Cannot find the run ../../etc in the store\n"]);
  assertEquals(await compare(RUN), [422, "Cannot compare 1 run: expected 2 to 8 folders of runs\n"]);
  assertEquals((await compare(RUN, "broadcast/20261129T140000"))[0], 422);
  const elsewhere = await Deno.makeTempFile();
  await Deno.remove(`${store}/${other}/history.jsonl`);
  await Deno.symlink(elsewhere, `${store}/${other}/history.jsonl`);
  const [refused, text] = await compare(RUN, other);
  assertEquals(refused, 403);
  assertStringIncludes(String(text), "history.jsonl: it is a link that leads out of the store");
  await Deno.remove(elsewhere);
});

testWithStore("the server writes nothing", async (store) => {
  await writeRun(store, RUN, {}, { "history.jsonl": historyText(5, 5) });
  await writeRun(store, "echo/20261129T130000", {}, { "history.jsonl": historyText(5, 5) });
  const files = async () => {
    const names: string[] = [];
    for (const workload of ["broadcast", "echo"]) {
      for await (const { name } of Deno.readDir(`${store}/${workload}`)) {
        for await (const file of Deno.readDir(`${store}/${workload}/${name}`)) names.push(file.name);
      }
    }
    return names.sort();
  };
  const before = await files();
  const server = serveStore(store);
  const query = `run=${encodeURIComponent(RUN)}&run=${encodeURIComponent("echo/20261129T130000")}`;
  assertEquals(await statuses(server, [["/"], ["/events"], [`/runs/${RUN}/`], [`/compare?${query}`]]), [
    ...[200, 200, 200, 200],
  ]);
  assertEquals(await files(), before);
});
