/**
 * The HTTP gateway of etcd: sends requests, by TLS and with a login if they are needed.
 *
 * 1. The login is a request of its own, whose reply has a token for the others.
 * 2. A token ends after some minutes, and with each change of users. Then there is another login, and the request is
 *    sent again: etcd has refused it, so it has not happened.
 * 3. After a failure the files for TLS are read again, as they may have been replaced.
 *
 * @module
 */

import { type AskMember, chooseMember } from "./etcd_members.ts";
import { showJSON } from "../json.ts";
import { RPCError } from "../protocol.ts";
import { explainTls, readTlsFiles, type TlsFiles } from "./tls_files.ts";

/** Login and files that a client of etcd may need. */
export interface EtcdAccess {
  /**
   * Login, as `USER:PASSWORD`. By its HTTP gateway, etcd takes no certificate for one.
   *
   * @default $ETCD_USER
   */
  user?: string;
  /**
   * Files for addresses with `https:`. They are read again after a failure.
   *
   * @default $ETCD_CACERT, $ETCD_CERT and $ETCD_KEY
   */
  tls?: TlsFiles;
}

/** Variables with the login and the files of a client of etcd. */
export const ETCD_VARIABLES = ["ETCD_USER", "ETCD_CACERT", "ETCD_CERT", "ETCD_KEY"] as const;

/**
 * Reads the access to etcd from variables. One that is empty counts as not set.
 *
 * @param env Reads a variable.
 */
export function etcdAccess(env: (name: string) => string | undefined): EtcdAccess {
  const [user, ca, cert, key] = ETCD_VARIABLES.map((name) => env(name) || undefined);
  return { user, tls: { ca, cert, key } };
}

/**
 * Checks what can be checked without a server.
 *
 * @throws {Error} The user has no password, or a file cannot be used.
 */
export function checkEtcdAccess({ user, tls = {} }: EtcdAccess): void {
  if (user !== undefined) parseUser(user);
  readTlsFiles(tls);
}

/** Sends a request to a path below `/v3/`. */
export type Gateway = <T>(path: string, body: unknown) => Promise<T>;

/** Time that etcd has to answer, ms. */
const TIMEOUT = 5000;

/** State of a gateway. */
interface State {
  readonly ask: AskMember;
  readonly login: { name: string; password: string } | undefined;
  /** Token of the last login, or that of one that is under way. It is undefined itself if etcd has no logins. */
  token: Promise<string | undefined> | undefined;
  readonly tls: TlsFiles;
  /** Undefined without files, and until they are read again. */
  client: Deno.HttpClient | undefined;
}

/**
 * Creates the access to a gateway. Requests throw an {@linkcode RPCError}, see `createEtcd` in `etcd.ts`.
 *
 * @param urls Addresses of the members.
 * @throws {Error} An address or the user cannot be used.
 */
export function createGateway(urls: readonly string[], { user, tls = {} }: EtcdAccess): Gateway {
  if (urls.some((url) => /^\w+:\/\/[^/]*@/.test(url))) {
    throw new Error("Cannot use a login in an address of etcd: expected it in $ETCD_USER, as user:password");
  }
  const bad = urls.find((url) => !/^https?:\/\/[^\s/]+\/?$/.test(url));
  if (bad !== undefined || urls.length === 0) {
    const shown = bad === undefined ? "no address" : `the address ${showJSON(bad)}`;
    throw new Error(`Cannot use ${shown} for etcd: expected http://HOST:PORT or https://HOST:PORT`);
  }
  const login = user === undefined ? undefined : parseUser(user);
  const ask = chooseMember(urls.map((url) => url.replace(/\/$/, "")));
  const state: State = { ask, login, token: undefined, tls, client: undefined };
  return async <T>(path: string, body: unknown) => {
    const token = tokenOf(state);
    try {
      return await send<T>(state, path, body, await token);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // Another request may have got a new one meanwhile.
      if (state.token === token) state.token = undefined;
      return await send<T>(state, path, body, await tokenOf(state));
    }
  };
}

function parseUser(text: string): State["login"] {
  const [, name, password] = /^([^:]+):(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new Error("Cannot use the user of etcd: expected $ETCD_USER to be user:password");
  return { name, password: password! };
}

/** Error of a token that is not valid any more. */
class TokenError extends RPCError {}

/** Returns the token for requests; undefined if none is needed. All requests wait for the same login. */
function tokenOf(state: State): Promise<string | undefined> | undefined {
  const { login } = state;
  if (login === undefined || state.token !== undefined) return state.token;
  const token = authenticate(state, login);
  state.token = token;
  token.catch(() => {
    if (state.token === token) state.token = undefined;
  });
  return token;
}

async function authenticate(state: State, login: { name: string; password: string }): Promise<string | undefined> {
  try {
    return (await send<{ token: string }>(state, "auth/authenticate", login)).token;
  } catch (error) {
    // Then etcd answers everybody.
    if (/authentication is not enabled/.test((error as Error).message)) return undefined;
    throw error;
  }
}

function send<T>(state: State, path: string, body: unknown, token?: string): Promise<T> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
  const request = { path, headers, body: JSON.stringify(body), timeout: AbortSignal.timeout(TIMEOUT) };
  return state.ask((url, signal) => sendTo<T>(url, state, request, signal), REPEATABLE.includes(path));
}

/** Paths of requests that change nothing, so that several members may get them. */
const REPEATABLE = ["kv/range", "auth/authenticate"];

/** Request as it is sent to any member. The timeout is that of all of them together. */
interface GatewayRequest {
  path: string;
  headers: Record<string, string>;
  body: string;
  timeout: AbortSignal;
}

async function sendTo<T>(
  url: string,
  state: State,
  { path, headers, body, timeout }: GatewayRequest,
  ending?: AbortSignal,
): Promise<T> {
  const signal = ending === undefined ? timeout : AbortSignal.any([timeout, ending]);
  let response: Response;
  let text: string;
  try {
    const client = clientOf(state);
    const init = { method: "POST", body, headers, signal };
    response = await fetch(`${url}/v3/${path}`, client === undefined ? init : { ...init, client } as RequestInit);
    text = await response.text();
  } catch (error) {
    state.client = undefined;
    throw failure(url, state.tls, error as Error);
  }
  if (response.ok) return JSON.parse(text) as T;
  throw refusal(state, url, response.status, text);
}

/** Clients by their files. None is closed: others may use it. */
const clients = new Map<string, Deno.HttpClient>();

function clientOf(state: State): Deno.HttpClient | undefined {
  if (state.client !== undefined) return state.client;
  const { ca, cert, key } = readTlsFiles(state.tls);
  if (ca === undefined && cert === undefined) return undefined;
  const name = JSON.stringify([ca, cert, key]);
  const own = cert === undefined ? {} : { cert, key: key! };
  const client = clients.get(name) ?? Deno.createHttpClient({ caCerts: ca === undefined ? [] : [ca], ...own });
  clients.set(name, client);
  return state.client = client;
}

/**
 * Error of an etcd that has no leader, or does not answer in time, as it does without one. That may pass by itself; the
 * request may have happened.
 */
export class NoLeaderError extends RPCError {
  /** Creates the error. */
  constructor(url: string, problem: string) {
    super("timeout", `etcd at ${url} ${problem}; expected most of its members to run, and to reach each other`);
  }
}

/** Error of a request without an answer. */
function failure(url: string, tls: TlsFiles, error: Error): RPCError {
  if (error.name === "TimeoutError") return new NoLeaderError(url, `does not answer within ${TIMEOUT / 1000} s`);
  const { message } = (error.cause ?? error) as Error;
  // A file cannot be used.
  if (message.startsWith("Cannot ")) return new RPCError("temporarily-unavailable", message);
  const reason = message.replace(/ \(os error \d+\).*/s, "").replace(/^error sending .*client error \(\w+\): /, "");
  // The connection could not be made, so that the request was not sent.
  const isUnsent = message.includes("(Connect)");
  const problem = url.startsWith("https:") ? explainHttps(reason, tls) : explainHttp(reason);
  return new RPCError(isUnsent ? "temporarily-unavailable" : "timeout", `etcd at ${url} does not answer: ${problem}`);
}

function explainHttp(reason: string): string {
  return /before message completed/.test(reason) ? `${reason}; expected an address with https: if it has TLS` : reason;
}

function explainHttps(reason: string, tls: TlsFiles): string {
  if (/InvalidContentType|handshake eof|reset by peer/.test(reason)) {
    return `${reason}; expected an address with http: if it has no TLS`;
  }
  const problem = explainTls(reason, tls, ["$ETCD_CACERT", "$ETCD_CERT", "$ETCD_KEY"]);
  if (problem !== undefined) return problem;
  const isClosed = tls.cert === undefined && /closed/.test(reason);
  return isClosed ? `${reason}; it may want a certificate of the client, in $ETCD_CERT and $ETCD_KEY` : reason;
}

/** Texts of etcd that ask for another login. */
const OLD_TOKEN = /invalid auth token|auth store is old|user name is empty/;

/** Texts of etcd that say it has no leader at present, or cannot agree in time. */
const NO_LEADER = /no leader|leader changed|request timed out|raft: stopped/;

/** Error of an answer that is not a success. */
function refusal({ login }: State, url: string, status: number, text: string): RPCError {
  const refused = (problem: string) => new RPCError("temporarily-unavailable", `etcd at ${url} ${problem}`);
  if (login !== undefined && OLD_TOKEN.test(text)) {
    return new TokenError("temporarily-unavailable", `etcd at ${url} does not accept its own token for ${login.name}`);
  }
  if (/user name is empty/.test(text)) return refused("wants a login; expected $ETCD_USER to be user:password");
  if (/authentication failed/.test(text)) {
    return refused(`refused the user ${login?.name} or the password; expected those of a user of etcd in $ETCD_USER`);
  }
  if (/permission denied/.test(text)) {
    return refused(
      `does not let the user ${login?.name} do that; expected one with a role for the keys of the cluster`,
    );
  }
  if (/CommonName of client/.test(text)) {
    return refused("has logins, and then refuses certificates of clients with a common name; expected one without CN");
  }
  if (/HTTP request to an HTTPS server/.test(text)) return refused("wants TLS; expected an address with https:");
  if (/authentication is not enabled/.test(text)) return refused("has no logins: authentication is not enabled");
  if (NO_LEADER.test(text)) {
    return new NoLeaderError(url, `has no leader: ${/"error":"([^"]+)"/.exec(text)?.[1] ?? text.slice(0, 200)}`);
  }
  return new RPCError("timeout", `etcd at ${url} failed with status ${status}: ${text.slice(0, 200)}`);
}
