/**
 * Certificates and logins for tests: certificates are made by openssl.
 *
 * @module
 */

import { nkeys } from "@nats-io/transport-node";

/** Names of the certificates: each has its files `NAME.pem` and `NAME.key`. */
export type CertificateName = "ca" | "other-ca" | "server" | "named-host" | "old" | "client" | "named" | "stranger";

/**
 * Creates the certificates in a folder, and returns the paths of their files.
 *
 * - `ca` has signed all others but `stranger`, which is by `other-ca`.
 * - `server` is for 127.0.0.1 and localhost, `named-host` for localhost only.
 * - `old` has expired a day ago.
 * - `named` has a common name (CN), `client` has none.
 */
export async function createCertificates(
  folder: string,
): Promise<Record<CertificateName, { cert: string; key: string }>> {
  await Deno.mkdir(folder, { recursive: true });
  const here = "IP:127.0.0.1,DNS:localhost";
  await openssl(folder, AUTHORITY("ca"));
  await openssl(folder, AUTHORITY("other-ca"));
  await openssl(folder, SIGNED("server", "ca", here));
  await openssl(folder, SIGNED("named-host", "ca", "DNS:localhost"));
  await openssl(folder, SIGNED("old", "ca", here, -1));
  await openssl(folder, SIGNED("client", "ca", "DNS:client"));
  await openssl(folder, SIGNED("named", "ca", "DNS:named", 1, "/CN=named"));
  await openssl(folder, SIGNED("stranger", "other-ca", "DNS:stranger"));
  const names: CertificateName[] = ["ca", "other-ca", "server", "named-host", "old", "client", "named", "stranger"];
  const files = names.map((name) => [name, { cert: `${folder}/${name}.pem`, key: `${folder}/${name}.key` }]);
  return Object.fromEntries(files);
}

const NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

const AUTHORITY = (name: string) =>
  `openssl req -x509 ${NEW_KEY} -keyout ${name}.key -out ${name}.pem -subj /CN=${name}`;

const SIGNED = (name: string, ca: string, names: string, days = 1, subject = `/O=${name}`) =>
  `openssl req ${NEW_KEY} -keyout ${name}.key -out ${name}.csr -subj ${subject} -addext subjectAltName=${names} &&
   openssl x509 -req -in ${name}.csr -CA ${ca}.pem -CAkey ${ca}.key -CAcreateserial -out ${name}.pem \
     -copy_extensions copy -days ${days}`;

async function openssl(folder: string, script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Accounts of a nats-server, as nsc makes them, and a user's files. */
export interface Accounts {
  /** Lines of the server's configuration, for users with credentials. */
  operator: string;
  /** Lines of the server's configuration, for the nkey of the same user. */
  nkey: string;
  /** Credentials of the user, and such that expired a minute ago. */
  creds: string;
  oldCreds: string;
  /** The user's seed. */
  seed: string;
}

/** Creates an operator, an account and a user. */
export function createAccounts(): Accounts {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const now = Math.floor(Date.now() / 1000);
  const jwt = (by: typeof user, of: typeof user, nats: Record<string, unknown>, exp?: number) => {
    const claims = { jti: "1", iat: now, exp, iss: by.getPublicKey(), sub: of.getPublicKey(), name: "test" };
    const signed = [{ typ: "JWT", alg: "ed25519-nkey" }, { ...claims, nats: { ...nats, version: 2 } }]
      .map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join(".");
    return `${signed}.${base64url(by.sign(new TextEncoder().encode(signed)))}`;
  };
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const rights = { type: "user", pub: {}, sub: {}, subs: -1, data: -1, payload: -1 };
  const seed = new TextDecoder().decode(user.getSeed());
  const creds = (exp?: number) =>
    `-----BEGIN NATS USER JWT-----\n${jwt(account, user, rights, exp)}\n------END NATS USER JWT------\n\n` +
    `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  const accountJwt = jwt(operator, account, { type: "account", limits });
  return {
    operator: `operator: "${jwt(operator, operator, { type: "operator" })}"\nresolver: MEMORY\n` +
      `resolver_preload: { ${account.getPublicKey()}: "${accountJwt}" }\n`,
    nkey: `authorization { users: [ { nkey: "${user.getPublicKey()}" } ] }\n`,
    creds: creds(),
    oldCreds: creds(now - 60),
    seed: `${seed}\n`,
  };
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Sends a request of etcd's administration of users. */
export async function manageUsers(
  url: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<{ token: string }> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
  const init = { method: "POST", body: JSON.stringify(body), headers };
  const response = await fetch(`${url}/v3/auth/${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/**
 * Makes an etcd ask for logins. Their passwords are `secret`: `root` may do all, `poor` nothing, and `me` may use the
 * keys that begin with `test/`.
 */
export async function enableLogins(url: string): Promise<void> {
  for (const name of ["root", "poor", "me"]) await manageUsers(url, "user/add", { name, password: "secret" });
  for (const name of ["root", "tests"]) await manageUsers(url, "role/add", { name });
  const perm = { permType: "READWRITE", key: btoa("test/"), range_end: btoa("test0") };
  await manageUsers(url, "role/grant", { name: "tests", perm });
  await manageUsers(url, "user/grant", { user: "root", role: "root" });
  await manageUsers(url, "user/grant", { user: "me", role: "tests" });
  await manageUsers(url, "enable", {});
}
