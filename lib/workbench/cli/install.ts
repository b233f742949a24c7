/**
 * `install`: fetches the real Maelstrom, checks that it is what it should be, and says what else it needs.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { INSTALLED } from "../engines/maelstrom_engine.ts";
import { FailedError, messageOf, UsageError } from "../base/errors.ts";

/** The release that is installed. */
export const RELEASE = {
  version: "0.2.4",
  url: "https://github.com/jepsen-io/maelstrom/releases/download/v0.2.4/maelstrom.tar.bz2",
  sha256: "301ec71d6b12af0d765edb413f5cf5aa1046b5609bd4e31376a0b549548e5799",
};

/** A program that Maelstrom needs besides itself. */
interface Need {
  name: string;
  /** What asks it for its version. */
  command: [string, string[]];
  /** What it is needed for. */
  use: string;
  debian: string;
  macos: string;
}

const NEEDS: readonly Need[] = [
  {
    name: "Java 11+",
    command: ["java", ["-version"]],
    use: "runs Maelstrom",
    debian: "openjdk-17-jre-headless",
    macos: "openjdk",
  },
  { name: "git", command: ["git", ["--version"]], use: "notes the version tested", debian: "git", macos: "git" },
  { name: "Graphviz", command: ["dot", ["-V"]], use: "draws anomalies", debian: "graphviz", macos: "graphviz" },
  { name: "gnuplot", command: ["gnuplot", ["--version"]], use: "draws latencies", debian: "gnuplot", macos: "gnuplot" },
];

/**
 * Installs the real Maelstrom below the project's folder, unless it is there already.
 *
 * @param args What was written after the command: nothing, or `--from` and a file or address to have the archive from.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} The archive cannot be had, is not the one expected, or cannot be unpacked.
 */
export async function install(
  args: readonly string[],
  machine: Machine,
  release: typeof RELEASE = RELEASE,
): Promise<void> {
  const from = sourceOf(args) ?? release.url;
  const folder = `${machine.root}/${INSTALLED.slice(0, INSTALLED.lastIndexOf("/"))}`;
  if (machine.files.inspect(folder).kind === "missing") {
    machine.stderr(`Fetching ${from}\n`);
    const archive = await fetchArchive(from, machine);
    const sha256 = await machine.archives.sha256(archive);
    if (sha256 !== release.sha256) {
      throw new FailedError(
        `Cannot install Maelstrom from ${from}: its ${archive.length} bytes have SHA-256 ${sha256}, expected ${release.sha256}; ` +
          "the archive is damaged, incomplete or another one",
      );
    }
    await unpack(archive, folder, machine);
    machine.stdout(`Installed Maelstrom ${release.version} in ${folder}\n`);
  } else machine.stdout(`Maelstrom is installed already, in ${folder}; delete that to install it anew\n`);
  machine.stdout(`\n${needs(machine)}\n`);
}

function sourceOf(args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined;
  const [, attached] = /^--from=(.+)$/.exec(args[0]!) ?? [];
  const rest = attached === undefined ? args.slice(1) : [attached, ...args.slice(1)];
  if (attached === undefined && args[0] !== "--from") {
    throw new UsageError(`Cannot use ${args[0]} with install: expected --from FILE, or nothing`);
  }
  if (rest[0] === undefined) {
    throw new UsageError("Missing value for --from: expected the file or address of Maelstrom's archive");
  }
  if (rest.length > 1) throw new UsageError(`Cannot use ${rest[1]} with install: expected --from FILE, or nothing`);
  return rest[0];
}

async function fetchArchive(from: string, { archives }: Machine): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await archives.fetch(from);
  } catch (error) {
    throw new FailedError(
      `Cannot fetch ${from}: ${
        messageWithCause(error)
      }; fetch it by other means, then: ./maelstrom.sh install --from FILE`,
    );
  }
}

async function unpack(archive: Uint8Array<ArrayBuffer>, folder: string, { archives }: Machine): Promise<void> {
  try {
    await archives.unpack(archive, folder);
  } catch (error) {
    throw new FailedError(`Cannot unpack Maelstrom into ${folder}: ${messageWithCause(error)}`);
  }
}

function messageWithCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)} (${cause.message})` : messageOf(error);
}

/** What Maelstrom needs, whether it is there, and how to get what is not. */
function needs({ ask }: Machine): string {
  const missing = NEEDS.filter((need) => !isThere(need, ask));
  const lines = NEEDS.map((need) => {
    return `  ${missing.includes(need) ? "missing" : "found  "}  ${need.name.padEnd(9)} ${need.use}`;
  });
  const ways = missing.length === 0 ? [] : [
    "",
    `  Debian: apt-get install ${missing.map(({ debian }) => debian).join(" ")}`,
    `  macOS:  brew install ${missing.map(({ macos }) => macos).join(" ")}`,
  ];
  return ["It needs:", ...lines, ...ways].join("\n");
}

function isThere({ name, command: [program, args] }: Need, ask: Machine["ask"]): boolean {
  const answer = ask(program, args);
  if (answer === undefined || name !== "Java 11+") return answer !== undefined;
  // Before 9, versions were 1.8 and the like.
  const [, major] = /version "(\d+)/.exec(answer) ?? [];
  return Number(major) >= 11;
}
