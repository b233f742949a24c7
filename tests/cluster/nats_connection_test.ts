import { assert, assertEquals, assertRejects } from "@std/assert";
import type { NatsAccess } from "../../lib/cluster/nats_access.ts";
import { connectNats } from "../../lib/cluster/nats_connection.ts";
import { type Accounts, createAccounts, createCertificates } from "./logins.ts";
import { type TestServers, testWithServers } from "../servers.ts";

const CLIENT = { name: "test", maxReconnectAttempts: -1, reconnectTimeWait: 20 };

/** Connects, and sends a text that needs several reads to itself. */
async function assertConnects(access: NatsAccess): Promise<void> {
  const connection = await connectNats(access, CLIENT);
  try {
    const received = connection.subscribe("test", { max: 1 });
    connection.publish("test", "x".repeat(300_000));
    for await (const message of received) assertEquals(message.data.length, 300_000);
  } finally {
    await connection.close();
  }
}

async function assertRefused(access: NatsAccess, expected: string): Promise<void> {
  const error = await assertRejects(() => connectNats(access, CLIENT), Error, expected);
  assert(!/secret/.test(error.stack!), error.stack);
  assertEquals(error.stack, `Error: ${error.message}`);
}

/** The server's address with a login. */
function withLogin(url: string, login: string): string {
  return url.replace("//", `//${login}@`);
}

testWithServers("a server by TLS is trusted by its CA only", ["nats-server", "openssl"], async (servers) => {
  const files = await createCertificates(servers.folder);
  const [ca, otherCa] = [files.ca.cert, files["other-ca"].cert];
  const { url } = await servers.startPlainNats(tls(files.server));
  await assertConnects({ servers: url, tls: { ca } });
  await assertConnects({ servers: url.replace("127.0.0.1", "localhost"), tls: { ca } });
  await assertConnects({ servers: url.replace("nats:", "tls:"), tls: { ca } });
  const unknown = "its certificate is not signed by a CA that this system knows; expected that of its CA in $NATS_CA";
  await assertRefused({ servers: url }, `Cannot connect to NATS at ${url}: ${unknown}`);
  await assertRefused({ servers: url, tls: { ca: otherCa } }, `its certificate is not signed by the CA in ${otherCa}`);
  await assertRefused({ servers: url, tls: { ca: "/no/ca.pem" } }, "Cannot read /no/ca.pem: No such file or directory");
});

testWithServers(
  "a certificate for another address, or an old one, is refused",
  ["nats-server", "openssl"],
  async (servers) => {
    const files = await createCertificates(servers.folder);
    const ca = files.ca.cert;
    for (const own of [{}, files.client]) {
      const named = await servers.startPlainNats(tls(files["named-host"]));
      await assertRefused({ servers: named.url, tls: { ca, ...own } }, "its certificate is for another address");
      await assertConnects({ servers: named.url.replace("127.0.0.1", "localhost"), tls: { ca, ...own } });
      const old = await servers.startPlainNats(tls(files.old));
      await assertRefused({ servers: old.url, tls: { ca, ...own } }, "its certificate has expired");
    }
  },
);

testWithServers(
  "a server that verifies clients lets in those of its CA",
  ["nats-server", "openssl"],
  async (servers) => {
    const { ca, server, client, stranger, old } = await createCertificates(servers.folder);
    const { url } = await servers.startPlainNats(`${tls(server)} --tlsverify --tlscacert=${ca.cert}`);
    const access = (own: NatsAccess["tls"]): NatsAccess => ({ servers: url, tls: { ca: ca.cert, ...own } });
    await assertConnects(access(client));
    await assertRefused(access({}), "it wants a certificate of the client; expected one in $NATS_CERT and $NATS_KEY");
    await assertRefused(access(stranger), `the certificate ${stranger.cert}; expected one that its CA has signed`);
    await assertRefused(access(old), `Cannot use the certificate ${old.cert}: it has expired, at 20`);
  },
);

testWithServers("tls: and files for TLS insist on TLS", ["nats-server", "openssl"], async (servers) => {
  const { ca } = await createCertificates(servers.folder);
  const { url } = await servers.startPlainNats();
  await assertConnects({ servers: url });
  await assertRefused({ servers: url.replace("nats:", "tls:") }, "it has no TLS; expected a server with TLS");
  await assertRefused({ servers: url, tls: { ca: ca.cert } }, "it has no TLS; expected a server with TLS");
});

testWithServers("users and tokens are let in by the address", ["nats-server"], async ({ startPlainNats }) => {
  const { url } = await startPlainNats("--user me --pass s/e%3cret");
  await assertConnects({ servers: withLogin(url, "me:s/e%253cret") });
  await assertRefused(
    { servers: withLogin(url, "me:secret") },
    `NATS at ${url}: it refused the user me or its password`,
  );
  await assertRefused(
    { servers: url },
    "it wants a login; expected a file in $NATS_CREDS, or a user and a password in",
  );
  const other = await startPlainNats("--auth secret");
  await assertConnects({ servers: withLogin(other.url, "secret") });
  await assertRefused({ servers: withLogin(other.url, "wrong-secret") }, "it refused the token");
});

async function startWith(servers: TestServers, config: string): Promise<string> {
  await Deno.writeTextFile(`${servers.folder}/more.conf`, config);
  return (await servers.startPlainNats()).url;
}

/** Writes the files of a user, and returns their paths. */
async function writeFiles(folder: string, { creds, oldCreds, seed }: Accounts): Promise<string[]> {
  const files = { creds, oldCreds, seed };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  return Object.keys(files).map((name) => `${folder}/${name}`);
}

testWithServers("credentials are let in, expired ones are not", ["nats-server"], async (servers) => {
  const accounts = createAccounts();
  const [creds, oldCreds, seed] = await writeFiles(servers.folder, accounts);
  const url = await startWith(servers, accounts.operator);
  await assertConnects({ servers: url, credentials: creds });
  await assertRefused({ servers: url, credentials: oldCreds }, `it refused the credentials ${oldCreds}`);
  await assertRefused({ servers: url, credentials: seed }, `it refused the credentials ${seed}`);
  await assertRefused({ servers: url, credentials: "/no.creds" }, "Cannot read /no.creds: No such file or directory");
  const config = `${servers.folder}/more.conf`;
  await assertRefused(
    { servers: url, credentials: config },
    `Cannot use the credentials ${config}: expected a file by`,
  );
});

testWithServers("the seed of an nkey is a login, too", ["nats-server"], async (servers) => {
  const accounts = createAccounts();
  const [creds, , seed] = await writeFiles(servers.folder, accounts);
  const url = await startWith(servers, accounts.nkey);
  await assertConnects({ servers: url, credentials: seed });
  await assertConnects({ servers: url, credentials: creds });
  await assertRefused({ servers: url }, "it wants a login");
});

testWithServers("credentials that were replaced count for the next connection", ["nats-server"], async (servers) => {
  const [before, after] = [createAccounts(), createAccounts()];
  const [, , seed] = await writeFiles(servers.folder, before);
  const path = `${servers.folder}/more.conf`;
  await Deno.writeTextFile(path, before.nkey);
  const server = await servers.startPlainNats();
  const connection = await connectNats({ servers: server.url, credentials: seed }, CLIENT);
  try {
    await Deno.writeTextFile(path, after.nkey);
    await Deno.writeTextFile(seed!, after.seed);
    const told = Array.fromAsync(connection.status(), ({ type }) => {
      if (type === "reconnect") void connection.close();
      return type;
    });
    await server.act("kill");
    await server.act("start");
    assert((await told).includes("reconnect"));
  } finally {
    await connection.close();
  }
});

testWithServers(
  "the next address is tried; without one that can be used, the reason is told",
  ["nats-server"],
  async (servers) => {
    const { url } = await servers.startPlainNats();
    await assertConnects({ servers: ["nats://127.0.0.1:1", url] });
    const refused =
      "Cannot connect to NATS at nats://127.0.0.1:1: connection refused; expected nats-server to run there";
    await assertRefused({ servers: "nats://me:secret@127.0.0.1:1" }, refused);
    await assertRefused({ servers: "nats://no.such.host.invalid" }, "there is no such host");
    await assertRefused(
      {},
      "Cannot connect to NATS: no address is set; expected $NATS_URL, such as nats://127.0.0.1:4222",
    );
  },
);

testWithServers(
  "a server that is none of NATS, and one that ends the connection, are refused at once",
  ["openssl"],
  async ({ folder }) => {
    const [hi, bye] = [greeting("SSH-2.0\r\n"), greeting('INFO {"version":"2.9.10","proto":1}\r\n')];
    await assertRefused({ servers: hi.url }, "it is not a NATS server");
    await assertRefused({ servers: bye.url }, "it closed the connection");
    const endless = greeting(`INFO ${" ".repeat(2_000_000)}`);
    const { ca, client } = await createCertificates(folder);
    for (const own of [{}, client]) {
      await assertRefused({ servers: endless.url, tls: { ca: ca.cert, ...own } }, "it is not a NATS server");
    }
    hi.close();
    bye.close();
    endless.close();
  },
);

/** Listens for connections, each of which is sent a text and ended. */
function greeting(text: string): { url: string; close(): void } {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  void (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode(text));
      conn.close();
    }
  })();
  return { url: `nats://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`, close: () => listener.close() };
}

testWithServers(
  "logins that are refused leave no error that nothing catches",
  ["nats-server"],
  async ({ startPlainNats }) => {
    const { url } = await startPlainNats("--user me --pass secret");
    // An error that nothing catches fails the test.
    for (let count = 0; count < 100; count++) {
      await assertRejects(() => connectNats({ servers: withLogin(url, "me:wrong") }, CLIENT), Error, "it refused");
    }
  },
);

function tls({ cert, key }: { cert: string; key: string }): string {
  return `--tls --tlscert=${cert} --tlskey=${key}`;
}

Deno.test("an address and a file that cannot be used are refused, even by a client that waits", async () => {
  const waiting = { ...CLIENT, waitOnFirstConnect: true };
  const refused = (access: NatsAccess, expected: string) =>
    assertRejects(() => connectNats(access, waiting), Error, expected);
  for (const servers of ["http://a", " nats://a", "nats://a,nats://b", "a/b"]) {
    await refused({ servers }, `Cannot use the address ${JSON.stringify(servers)} for NATS: expected nats://HOST:PORT`);
  }
  await refused({ servers: "a", tls: { key: "a.key" } }, "Cannot use the key a.key without its certificate");
});
