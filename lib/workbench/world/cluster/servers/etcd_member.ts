/**
 * Members of an etcd: one alone, or several that form one cluster.
 *
 * @module
 */

import type { ServerCommand, ServerMember, ServerOptions } from "./server.ts";

/** Time that a member has to answer a request, ms. */
const REQUEST_TIMEOUT = 1000;

/** Returns the commands of the members of an etcd. */
export function etcdCommands(members: readonly ServerMember[], token: string, options: ServerOptions): ServerCommand[] {
  const nameOf = ({ name }: ServerMember) => `${name}-${token}`;
  const peerURL = ({ peerPort }: ServerMember) => `http://127.0.0.1:${peerPort}`;
  return members.map((member) => {
    const { name, folder, port } = member;
    const url = `http://127.0.0.1:${port}`;
    const flags = {
      "name": nameOf(member),
      "data-dir": `${folder}/data`,
      "listen-client-urls": url,
      "advertise-client-urls": url,
      "listen-peer-urls": peerURL(member),
      "initial-advertise-peer-urls": peerURL(member),
      "initial-cluster": members.map((each) => `${nameOf(each)}=${peerURL(each)}`).join(),
      "initial-cluster-token": token,
      "logger": "zap",
      "log-level": "warn",
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    return {
      program: "etcd",
      name,
      url,
      command: { bin: options.bin, args, env: options.env, log: `${folder}/log` },
      async ask() {
        const { health } = await ask<{ health: string }>(`${url}/health`);
        if (health !== "true") throw new Error(`${name} is not healthy yet`);
        const { header, members } = await ask<MemberList>(`${url}/v3/cluster/member/list`, "{}");
        const found = members.find(({ ID }) => ID === header.member_id)?.name;
        if (found !== nameOf(member)) throw new Error(`Port ${port} belongs to the member ${found}`);
      },
    };
  });
}

/** Reply of a member that lists all of them. */
interface MemberList {
  /** The member that has answered. */
  header: { member_id: string };
  members: { ID: string; name: string }[];
}

async function ask<T>(url: string, body?: string): Promise<T> {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(url, { method, body, signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
  return await response.json() as T;
}
