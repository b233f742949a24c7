import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createEtcd, type Etcd } from "../../lib/cluster/etcd.ts";
import { type EtcdAccess, etcdAccess, NoLeaderError } from "../../lib/cluster/etcd_gateway.ts";
import { RPCError } from "../../lib/protocol.ts";
import { freePort } from "../../lib/workbench/world/cluster/servers/ports.ts";
import { createCertificates, enableLogins, manageUsers } from "./logins.ts";
import { testWithServers } from "../servers.ts";

async function assertWorks(etcd: Etcd): Promise<void> {
  const value = crypto.randomUUID();
  await etcd.write("test/key", value);
  assertEquals((await etcd.read("test/key", false)).value, value);
}

async function assertFails(etcd: Etcd, expected: string, code?: number): Promise<void> {
  const error = await assertRejects(() => etcd.read("test/key", false), RPCError, expected);
  assert(!/secret/.test(error.message), error.message);
  if (code !== undefined) assertEquals(error.code, code);
}

testWithServers("etcd by TLS is trusted by its CA only", ["etcd", "openssl"], async (servers) => {
  const files = await createCertificates(servers.folder);
  const url = `https://127.0.0.1:${freePort()}`;
  const server = await servers.startEtcdAt(url, `--cert-file=${files.server.cert} --key-file=${files.server.key}`);
  const [ca, otherCa] = [files.ca.cert, files["other-ca"].cert];
  await assertWorks(createEtcd([url], { tls: { ca } }));
  const unknown =
    "its certificate is not signed by a CA that this system knows; expected that of its CA in $ETCD_CACERT";
  await assertFails(createEtcd([url]), `etcd at ${url} does not answer: ${unknown}`, 11);
  await assertFails(createEtcd([url], { tls: { ca: otherCa } }), `not signed by the CA in ${otherCa}`, 11);
  await assertFails(createEtcd([url], { tls: { ca: "/no/ca.pem" } }), "Cannot read /no/ca.pem: No such file", 11);
  await assertFails(
    createEtcd([server.url.replace("http:", "https:")]),
    "expected an address with http: if it has no TLS",
  );
  await assertFails(createEtcd([url.replace("https:", "http:")]), "expected an address with https:");
}, { sanitizeResources: false });

testWithServers("etcd that verifies clients lets in those of its CA", ["etcd", "openssl"], async (servers) => {
  const { ca, server, client, stranger, old } = await createCertificates(servers.folder);
  const url = `https://127.0.0.1:${freePort()}`;
  const own = `--cert-file=${server.cert} --key-file=${server.key}`;
  await servers.startEtcdAt(url, `${own} --client-cert-auth --trusted-ca-file=${ca.cert}`);
  const access = (own: EtcdAccess["tls"]) => createEtcd([url], { tls: { ca: ca.cert, ...own } });
  await assertWorks(access(client));
  await assertFails(access({}), "certificate of the client");
  await assertFails(access(stranger), `the certificate ${stranger.cert}; expected one that its CA has signed`);
  await assertFails(access(old), `Cannot use the certificate ${old.cert}: it has expired, at 20`, 11);
}, { sanitizeResources: false });

testWithServers("files for TLS that were replaced count after a failure", ["etcd", "openssl"], async (servers) => {
  const { ca, server, "other-ca": otherCa } = await createCertificates(servers.folder);
  const url = `https://127.0.0.1:${freePort()}`;
  await servers.startEtcdAt(url, `--cert-file=${server.cert} --key-file=${server.key}`);
  const path = `${servers.folder}/current.pem`;
  await Deno.copyFile(otherCa.cert, path);
  const etcd = createEtcd([url], { tls: { ca: path } });
  await assertFails(etcd, "its certificate is not signed by the CA in");
  await Deno.copyFile(ca.cert, path);
  await assertWorks(etcd);
}, { sanitizeResources: false });

testWithServers("etcd with logins lets in its users only", ["etcd"], async ({ start }) => {
  const { url } = await start("etcd");
  const etcd = createEtcd([url], { user: "me:secret" });
  await assertWorks(etcd);
  await enableLogins(url);
  await assertWorks(etcd);
  const lease = await etcd.grantLease(10);
  assert((await etcd.create("test/lease", "x", lease)).isDone);
  await etcd.revokeLease(lease);
  assertEquals((await etcd.list("test/")).map(({ key }) => key), ["test/key"]);
  await assertFails(createEtcd([url]), `etcd at ${url} wants a login; expected $ETCD_USER to be user:password`, 11);
  await assertFails(createEtcd([url], { user: "root:secrets" }), "refused the user root or the password; expected", 11);
  await assertFails(createEtcd([url], { user: "nobody:secret" }), "refused the user nobody or the password", 11);
  await assertFails(
    createEtcd([url], { user: "poor:secret" }),
    "does not let the user poor do that; expected one",
    11,
  );
});

testWithServers(
  "a token that is not valid any more is replaced, once for all requests",
  ["etcd"],
  async ({ start }) => {
    const { url } = await start("etcd");
    await enableLogins(url);
    let logins = 0;
    const { fetch } = globalThis;
    globalThis.fetch = (input, init) => {
      if (String(input).endsWith("/authenticate")) logins++;
      return fetch(input, init);
    };
    try {
      const etcd = createEtcd([url], { user: "root:secret" });
      await Promise.all(Array.from({ length: 20 }, () => assertWorks(etcd).catch(() => etcd.read("test/key", false))));
      assertEquals(logins, 1);
      // All tokens end when logins are disabled.
      const { token } = await manageUsers(url, "authenticate", { name: "root", password: "secret" });
      await manageUsers(url, "disable", {}, token);
      await manageUsers(url, "enable", {});
      logins = 0;
      await Promise.all(Array.from({ length: 20 }, () => etcd.read("test/key", false)));
      assertEquals(logins, 1);
      // A change of users makes tokens old.
      const { token: other } = await manageUsers(url, "authenticate", { name: "root", password: "secret" });
      await manageUsers(url, "user/add", { name: "new", password: "secret" }, other);
      await etcd.write("test/key", "x");
    } finally {
      globalThis.fetch = fetch;
    }
  },
);

Deno.test({
  name: "an etcd without a leader is told apart from one that refuses a request",
  ignore: Deno.permissions.querySync({ name: "net" }).state !== "granted",
  async fn() {
    const answers = [
      '{"error":"etcdserver: no leader","code":14}',
      '{"error":"etcdserver: mvcc: database space exceeded"}',
    ];
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      return new Response(answers.shift(), { status: 503 });
    });
    const url = `http://127.0.0.1:${server.addr.port}`;
    const etcd = createEtcd([url]);
    const expected = `etcd at ${url} has no leader: etcdserver: no leader; expected most of its members to run`;
    await assertRejects(() => etcd.write("test/key", ""), NoLeaderError, expected);
    const error = await assertRejects(() => etcd.write("test/key", ""), RPCError, "database space exceeded");
    assertEquals(error instanceof NoLeaderError, false);
    await server.shutdown();
  },
});

Deno.test({
  name: "a read that a member cannot answer is repeated with the next one, a write is not",
  ignore: Deno.permissions.querySync({ name: "net" }).state !== "granted",
  async fn() {
    const asked: string[] = [];
    const serve = (name: string, response: () => Response) =>
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
        asked.push(`${name} ${url.slice(url.indexOf("/v3/"))}`);
        return response();
      });
    const bad = serve("bad", () => new Response('{"error":"etcdserver: request timed out"}', { status: 503 }));
    const good = serve("good", () => Response.json({ header: { revision: "7" } }));
    const urls = [bad, good].map(({ addr }) => `http://127.0.0.1:${addr.port}`);
    assertEquals(await createEtcd(urls).read("test/key", false), { value: undefined, revision: 7 });
    assertEquals(asked.splice(0), ["bad /v3/kv/range", "good /v3/kv/range"]);
    await assertRejects(() => createEtcd(urls).write("test/key", ""), NoLeaderError);
    assertEquals(asked, ["bad /v3/kv/put"]);
    await Promise.all([bad.shutdown(), good.shutdown()]);
  },
});

Deno.test("a user without a password, and a login in an address, are refused", () => {
  for (const user of ["root", ":secret", "secret"]) {
    const { message } = assertThrows(
      () => createEtcd(["http://a"], { user }),
      Error,
      "expected $ETCD_USER to be user:",
    );
    assert(!message.includes("secret"));
  }
  const { message } = assertThrows(() => createEtcd(["http://root:secret@a"]), Error, "expected it in $ETCD_USER");
  assert(!message.includes("secret"));
});

Deno.test("etcdAccess() reads the variables of a client of etcd", () => {
  const env: Record<string, string> = { ETCD_USER: "root:x", ETCD_CACERT: "ca", ETCD_CERT: "", ETCD_KEY: "key" };
  const tls = { ca: "ca", cert: undefined, key: "key" };
  assertEquals(etcdAccess((name) => env[name]), { user: "root:x", tls });
});
