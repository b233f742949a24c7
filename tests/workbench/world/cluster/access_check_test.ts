import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../lib/workbench/base/errors.ts";
import { createClusters } from "../../../../lib/workbench/engines/clusters.ts";
import { checkAccess } from "../../../../lib/workbench/world/cluster/access_check.ts";
import { createCertificates } from "../../../cluster/logins.ts";
import { testWithServers } from "../../../servers.ts";
import { planFor, ROOT } from "./rig.ts";

const SERVERS = { nats: ["nats://127.0.0.1:1"], etcd: ["http://127.0.0.1:2"] };

Deno.test({
  name: "checkAccess() says which variable cannot be used, and shows no password",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  fn() {
    const cases = [
      [{ ETCD_USER: "s3cret" }, "Cannot use the user of etcd: expected $ETCD_USER to be user:password"],
      [{ NATS_CA: "/no.pem" }, "Cannot read /no.pem: No such file or directory; see $NATS_CA"],
      [{ NATS_CREDS: "/no.creds" }, "Cannot read /no.creds: No such file or directory; see $NATS_CREDS"],
      [
        { NATS_CERT: "/a.pem" },
        "Cannot use the certificate /a.pem without its key: expected a file for both; see $NATS_CERT",
      ],
      [
        { ETCD_KEY: "/a.key" },
        "Cannot use the key /a.key without its certificate: expected a file for both; see $ETCD_KEY",
      ],
      [
        { ETCD_CACERT: `${ROOT}/deno.json` },
        `Cannot use ${ROOT}/deno.json: it has no certificate, expected a file in PEM format; see $ETCD_CACERT`,
      ],
    ] as const;
    for (const [access, expected] of cases) {
      const error = assertThrows(() => checkAccess({ ...SERVERS, access }), UsageError);
      assertEquals(error.message, expected);
      // Servers that the cluster starts itself need no variables.
      checkAccess({ access });
    }
    checkAccess({ ...SERVERS, access: { ETCD_USER: "me:s3cret" } });
  },
});

testWithServers("up refuses variables before it starts or removes anything", ["openssl"], async ({ folder }) => {
  const { ca, client, old } = await createCertificates(`${folder}/tls`);
  await Deno.mkdir(`${folder}/cluster`);
  await Deno.writeTextFile(`${folder}/cluster/n0.log`, "of an earlier cluster");
  const start = (access: Record<string, string>) =>
    createClusters(folder).start(
      planFor(`${folder}/cluster`, { ...SERVERS, access }),
      () => {},
      new AbortController().signal,
    );
  const files = { NATS_CA: ca.cert, NATS_CERT: client.cert, NATS_KEY: client.key };
  const errors = [{ ...files, NATS_CERT: old.cert, NATS_KEY: old.key }, { ...files, ETCD_USER: "me" }].map((access) =>
    start(access).then(() => "", (error) => error.message)
  );
  const [expired, user] = await Promise.all(errors);
  assertEquals(
    expired.replace(/at 20.*Z/, "at …"),
    `Cannot use the certificate ${old.cert}: it has expired, at …; see $NATS_CERT`,
  );
  assertEquals(user, "Cannot use the user of etcd: expected $ETCD_USER to be user:password");
  assertEquals(await Deno.readTextFile(`${folder}/cluster/n0.log`), "of an earlier cluster");
});
