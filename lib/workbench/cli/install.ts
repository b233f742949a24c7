/**
 * `install`: fetches the real Maelstrom, checks the archive, and lists the other programs that it needs.
 *
 * @module
 */

import { FailedError, messageOf } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { INSTALLED } from "../engines/maelstrom_engine.ts";
import { parseFlagsOnly } from "../request/arguments.ts";
import type { Flag } from "../request/flag.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** The release that is installed. */
export const RELEASE = {
  version: "0.2.4",
  url: "https://github.com/jepsen-io/maelstrom/releases/download/v0.2.4/maelstrom.tar.bz2",
  sha256: "301ec71d6b12af0d765edb413f5cf5aa1046b5609bd4e31376a0b549548e5799",
};

/** The flags of `install`. */
export const INSTALL_FLAGS = [
  {
    name: "from",
    kind: "text",
    placeholder: "FILE",
    help: "Maelstrom's archive, a file or an address; fetched by default",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Another program that Maelstrom needs. */
interface Requirement {
  name: string;
  /** The command that prints its version. */
  command: [program: string, args: string[]];
  /** Its purpose. */
  use: string;
  /** Its packages in Debian and in Homebrew. */
  debian: string;
  macos: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    name: "Java 11+",
    command: ["java", ["-version"]],
    use: "runs Maelstrom",
    debian: "openjdk-17-jre-headless",
    macos: "openjdk",
  },
  { name: "git", command: ["git", ["--version"]], use: "records the tested version", debian: "git", macos: "git" },
  { name: "Graphviz", command: ["dot", ["-V"]], use: "draws anomalies", debian: "graphviz", macos: "graphviz" },
  { name: "gnuplot", command: ["gnuplot", ["--version"]], use: "draws latencies", debian: "gnuplot", macos: "gnuplot" },
];

/**
 * Installs the real Maelstrom below the project's folder, unless it is there already.
 *
 * @param words What was written after the command: nothing, or `--from` with the archive's file or address.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} The archive cannot be fetched, is not that of the release, or cannot be unpacked.
 */
export async function install(
  words: readonly string[],
  machine: Machine,
  release: typeof RELEASE = RELEASE,
): Promise<number> {
  const { from = release.url } = parseFlagsOnly(words, "install", INSTALL_FLAGS);
  const folder = `${machine.root}/${INSTALLED.slice(0, INSTALLED.lastIndexOf("/"))}`;
  if (machine.files.inspect(folder).kind === "missing") {
    machine.stderr(`Fetching ${from}\n`);
    await unpack(await fetchRelease(from, release, machine), folder, machine);
    machine.stdout(`Installed Maelstrom ${release.version} in ${folder}\n`);
  } else machine.stdout(`Maelstrom is installed already, in ${folder}; delete that to install it anew\n`);
  machine.stdout(`\n${formatRequirements(machine)}\n`);
  return EXIT_STATUS.passed;
}

async function fetchRelease(
  from: string,
  release: typeof RELEASE,
  { archives }: Machine,
): Promise<Uint8Array<ArrayBuffer>> {
  const archive = await fetchArchive(from, archives);
  const sha256 = await archives.sha256(archive);
  if (sha256 === release.sha256) return archive;
  throw new FailedError(
    `Cannot install Maelstrom from ${from}: its ${archive.length} bytes have SHA-256 ${sha256}, ` +
      `expected ${release.sha256}; the archive is damaged, incomplete or of another version`,
  );
}

async function fetchArchive(from: string, archives: Machine["archives"]): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await archives.fetch(from);
  } catch (error) {
    const reason = messageWithCause(error);
    throw new FailedError(
      `Cannot fetch ${from}: ${reason}; fetch it by other means, then: ./maelstrom.sh install --from FILE`,
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

/** Formats the programs that Maelstrom needs, and how to get those that are missing. */
function formatRequirements({ outputOf }: Machine): string {
  const missing = REQUIREMENTS.filter((requirement) => !isInstalled(requirement, outputOf));
  const lines = REQUIREMENTS.map((requirement) => {
    const state = missing.includes(requirement) ? "missing" : "found  ";
    return `  ${state}  ${requirement.name.padEnd(9)} ${requirement.use}`;
  });
  const ways = missing.length === 0 ? [] : [
    "",
    `  Debian: apt-get install ${missing.map(({ debian }) => debian).join(" ")}`,
    `  macOS:  brew install ${missing.map(({ macos }) => macos).join(" ")}`,
  ];
  return ["It needs:", ...lines, ...ways].join("\n");
}

function isInstalled({ name, command: [program, args] }: Requirement, outputOf: Machine["outputOf"]): boolean {
  const answer = outputOf(program, args);
  if (answer === undefined || name !== "Java 11+") return answer !== undefined;
  // Versions before 9 are 1.8 and the like.
  const [, major] = /version "(\d+)/.exec(answer) ?? [];
  return Number(major) >= 11;
}
