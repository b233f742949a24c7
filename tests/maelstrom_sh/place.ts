/**
 * Places in which tests run a copy of `maelstrom.sh`: nothing of this machine is found there but the tools it uses.
 *
 * @module
 */

import { ROOT } from "../../lib/workbench/cli/root.ts";

/** True if tests may run `maelstrom.sh`. */
export const MAY_RUN_SCRIPTS = (["read", "write", "run"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** Environment of a test: a folder with maelstrom.sh, and a PATH of its own. */
export interface Place {
  /** The folder of maelstrom.sh. */
  root: string;
  /** A folder at the front of PATH. */
  bin: string;
  /** This machine's command for the SHA-256 of stdin. */
  sum: string;
  /** Writes an executable shell script. */
  script(path: string, lines: string): Promise<void>;
  /** Runs `maelstrom.sh`, or `path`, with no environment but these variables and a PATH of `bin`. */
  run(args: string[], env?: Record<string, string>, path?: string): Promise<{ code: number; out: string; err: string }>;
}

/** Declares a test of `maelstrom.sh` in a place of its own. */
export function testScript(name: string, fn: (place: Place) => Promise<void>): void {
  Deno.test({
    name: `maelstrom.sh ${name}`,
    ignore: !MAY_RUN_SCRIPTS,
    async fn() {
      const folder = await Deno.realPath(await Deno.makeTempDir());
      const place = await makePlace(folder);
      try {
        await fn(place);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function makePlace(folder: string): Promise<Place> {
  const [root, bin] = [`${folder}/project`, `${folder}/bin`];
  await Promise.all([root, bin].map((path) => Deno.mkdir(path)));
  await Deno.copyFile(`${ROOT}/maelstrom.sh`, `${root}/maelstrom.sh`);
  // Only what the script uses: the machine's own Deno, npm and curl must not be found.
  for (
    const tool of [
      "bash",
      "sh",
      "sed",
      "dirname",
      "readlink",
      "mkdir",
      "mktemp",
      "find",
      "rm",
      "mv",
      "cat",
      "chmod",
      "cp",
      "env",
      "uname",
      "cksum",
      "cut",
    ]
  ) {
    await Deno.symlink(await pathOf(tool), `${bin}/${tool}`);
  }
  const script: Place["script"] = (path, lines) => Deno.writeTextFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  const sum = await pathOf("sha256sum") || `${await pathOf("shasum")} -a 256`;
  await script(`${bin}/sha256sum`, `exec ${sum}`);
  return {
    root,
    bin,
    sum,
    script,
    async run(args, env = {}, path = `${root}/maelstrom.sh`) {
      const command = new Deno.Command(path, {
        args,
        cwd: folder,
        clearEnv: true,
        env: { PATH: bin, ...env },
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out!, err: err! };
    },
  };
}

/** Finds a tool of this machine; returns an empty text if there is none. */
async function pathOf(tool: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `command -v ${tool}`] }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** Lists the names in a folder. */
export function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name);
}

/** Script of a fake Deno with some version, which prints its arguments. */
export function deno(version: string, name = version): string {
  return `[ "$1" = --version ] && echo "deno ${version} (stable, release, somewhere)" && exit
[ "$1" = eval ] && exit
echo "${name}: $*"
echo "DENO=$DENO $DENO_NO_UPDATE_CHECK $DENO_TLS_CA_STORE"
exit 7`;
}
