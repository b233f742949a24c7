import { assert, assertEquals, assertThrows } from "@std/assert";
import { explainTls, readTlsFiles, type TlsFiles } from "../../lib/cluster/tls_files.ts";
import { createCertificates } from "./logins.ts";
import { testWithServers } from "../servers.ts";

testWithServers("readTlsFiles() reads the files, and says what is wrong with one", ["openssl"], async ({ folder }) => {
  const { ca, client, stranger, old } = await createCertificates(folder);
  const texts = readTlsFiles({ ca: ca.cert, ...client });
  assertEquals(texts.ca, await Deno.readTextFile(ca.cert));
  assertEquals(texts.key, await Deno.readTextFile(client.key));
  assertEquals(readTlsFiles({}), {});
  await Deno.writeTextFile(`${folder}/encrypted`, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  await Deno.writeTextFile(`${folder}/damaged`, "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
  const cases: [TlsFiles, string][] = [
    [{ ca: `${folder}/none` }, `Cannot read ${folder}/none: No such file or directory`],
    [{ ca: ca.key }, `Cannot use ${ca.key}: it has no certificate, expected a file in PEM format`],
    [{ cert: client.cert }, `Cannot use the certificate ${client.cert} without its key: expected a file for both`],
    [{ key: client.key }, `Cannot use the key ${client.key} without its certificate: expected a file for both`],
    [{ cert: client.cert, key: client.cert }, `Cannot use ${client.cert}: it has no private key`],
    [{ cert: client.cert, key: stranger.key }, `Cannot use the key ${stranger.key}: it is not that of the certificate`],
    [{ cert: client.cert, key: `${folder}/encrypted` }, "it is encrypted, expected one without a passphrase"],
    [{ cert: `${folder}/damaged`, key: client.key }, `Cannot use ${folder}/damaged: `],
    [old, `Cannot use the certificate ${old.cert}: it has expired, at 20`],
  ];
  for (const [files, expected] of cases) assertThrows(() => readTlsFiles(files), Error, expected);
});

/** Errors of Deno's own sockets, of those of Node, and of both in Deno 2.5, with the beginning of the explanation. */
const ERRORS: [string, string][] = [
  ["invalid peer certificate: UnknownIssuer", "its certificate is not signed by the CA in ca.pem; expected"],
  ["unable to verify the first certificate", "its certificate is not signed by the CA in ca.pem; expected"],
  ["invalid peer certificate: certificate expired: verification time", "its certificate has expired"],
  ["certificate has expired", "its certificate has expired"],
  [
    'invalid peer certificate: certificate not valid for name "h"',
    "its certificate is for another address: certificate",
  ],
  ["Hostname/IP does not match certificate's altnames: x", "its certificate is for another address: Hostname/IP"],
  ["write UNKNOWN", "its certificate is refused; expected one that the CA in ca.pem has signed"],
  ["received fatal alert: BadCertificate", "it wants a certificate of the client; expected one in $CERT and $KEY"],
];

Deno.test("explainTls() explains errors of TLS, and no others", () => {
  const names = ["$CA", "$CERT", "$KEY"] as const;
  for (const [message, expected] of ERRORS) {
    const explained = explainTls(message, { ca: "ca.pem" }, names);
    assert(explained?.startsWith(expected), `${message}: ${explained}`);
  }
  assertEquals(explainTls("timeout", { cert: "c.pem" }, names), undefined);
  assertEquals(explainTls("it closed the connection", {}, names), undefined);
  assertEquals(
    explainTls("write EPIPE", { cert: "c.pem" }, names),
    "it closed the connection; it may have refused the certificate c.pem; expected one that its CA has signed",
  );
  assertEquals(
    explainTls("received fatal alert: UnknownCA", { cert: "c.pem" }, names),
    "it refused the certificate c.pem; expected one that its CA has signed",
  );
});
