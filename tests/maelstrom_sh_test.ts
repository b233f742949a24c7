import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const ROOT = new URL("..", import.meta.url);
const ALLOWED = ["read", "write", "run"].every((name) =>
  Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
);

/** Environment of a test: a folder with maelstrom.sh, and a PATH of its own. */
interface Place {
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

function testScript(name: string, fn: (place: Place) => Promise<void>): void {
  Deno.test({
    name: `maelstrom.sh ${name}`,
    ignore: !ALLOWED,
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
  await Deno.copyFile(new URL("maelstrom.sh", ROOT), `${root}/maelstrom.sh`);
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
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name);
}

/** Script of a fake Deno with some version, which prints its arguments. */
function deno(version: string, name = version): string {
  return `[ "$1" = --version ] && echo "deno ${version} (stable, release, somewhere)" && exit
[ "$1" = eval ] && exit
echo "${name}: $*"
echo "DENO=$DENO $DENO_NO_UPDATE_CHECK $DENO_TLS_CA_STORE"
exit 7`;
}

/** Script of a fake npm that installs a package of Deno as the real one does. */
const NPM = `echo "npm $*" >>"$LOG"
echo some noise
[ -e package.json ] || exit 1
for package; do :; done
folder=node_modules/\${package%@*}
mkdir -p "$folder"
cp "$FAKE_DENO" "$folder/deno"
chmod -x "$folder/deno"`;

/** Script of a fake curl and a fake unzip: the archive is the executable. */
const CURL = `echo "curl $*" >>"$LOG"
cp "$FAKE_DENO" deno.zip`;
const UNZIP = `[ "$*" = "-q deno.zip deno" ] && cp deno.zip deno && chmod -x deno`;

/** Writes a fake Deno to be installed, and pins its sum instead of the real ones. Returns the environment. */
async function offerDeno({ root, script }: Place, lines: string): Promise<Record<string, string>> {
  const [log, offered] = [`${root}/../log`, `${root}/../offered`];
  await script(offered, lines);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(offered)));
  const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = await Deno.readTextFile(`${root}/maelstrom.sh`);
  await Deno.writeTextFile(`${root}/maelstrom.sh`, text.replaceAll(/sha256=[0-9a-f]{64}/g, `sha256=${sum}`));
  return { LOG: log, FAKE_DENO: offered };
}

testScript("runs the command line in Deno", async ({ root, bin, script, run }) => {
  await script(`${bin}/deno`, deno("2.9.0"));
  const { code, out, err } = await run(["kafka", "--rate", "1", "--", "two words"]);
  const permissions = "--allow-env --allow-read --allow-write --allow-run";
  assertEquals(
    out.split("\n")[0],
    `2.9.0: run --quiet --no-prompt ${permissions} --config ${root}/deno.json ` +
      `${root}/lib/workbench/cli/main.ts kafka --rate 1 -- two words`,
  );
  assertEquals(out.split("\n")[1], `DENO=${bin}/deno 1 mozilla,system`);
  assertEquals([code, err], [7, ""]);
});

/** Permissions by command lines; all have NO_COLOR and TERM. */
const PERMISSIONS: Record<string, string[]> = {
  "--allow-env=NO_COLOR,TERM": [
    "",
    "help",
    "help test",
    "--help",
    "-h",
    "--version",
    "list --json",
    "doc echo",
    "completions bash",
  ],
  "--allow-env=NO_COLOR,TERM --allow-read": ["analyze", "check store/latest", "check --json x --sim"],
  "--allow-env=NO_COLOR,TERM --allow-read --allow-write": [
    "3e --sim",
    "test -w echo --bin x.ts --sim -- --y",
    "all --sim",
    "all --sim=true -- --y",
    "swarm --minutes 1",
    "prune --keep 3",
  ],
  "--allow-env=NO_COLOR,TERM --allow-read --allow-write --allow-run --allow-net": ["install", "install --from x"],
  "--allow-env --allow-read --allow-write --allow-run": [
    "3e",
    "all",
    "test --bin ./x",
    "test --bin ./x -- --sim",
    "kafak",
  ],
};

for (const [permissions, lines] of Object.entries(PERMISSIONS)) {
  testScript(`grants ${permissions} to ${lines.slice(0, 2).join(", ")} …`, async ({ root, bin, script, run }) => {
    await script(`${bin}/deno`, deno("2.9.0"));
    for (const line of lines) {
      const { out } = await run(line === "" ? [] : line.split(" "));
      const [, granted] = /--no-prompt (.*) --config/.exec(out) ?? [];
      assertEquals(granted, permissions, line);
      assertStringIncludes(out, `${root}/lib/workbench/cli/main.ts${line === "" ? "" : ` ${line}`}\n`);
    }
  });
}

testScript("passes the words after deno to Deno, and returns its exit status", async ({ bin, script, run }) => {
  await script(`${bin}/deno`, deno("2.9.0"));
  const { code, out } = await run(["deno", "task", "test", "--", "a b"]);
  assertEquals([code, out.split("\n")[0]], [7, "2.9.0: task test -- a b"]);
});

testScript("works through links and from other folders", async ({ root, bin, script, run }) => {
  await script(`${bin}/deno`, deno("2.9.0"));
  await Deno.mkdir(`${root}/../elsewhere`);
  await Deno.symlink("../project/maelstrom.sh", `${root}/../elsewhere/relative`);
  await Deno.symlink(`${root}/../elsewhere/relative`, `${root}/../elsewhere/absolute`);
  for (const name of ["relative", "absolute"]) {
    const { out } = await run(["list"], {}, `${root}/../elsewhere/${name}`);
    assertStringIncludes(out, ` ${root}/lib/workbench/cli/main.ts list\n`);
  }
});

testScript("links another project in .deno/, or in the user's cache if it cannot write there", async (place) => {
  const { root, bin, script, run } = place;
  await script(`${bin}/deno`, deno("2.9.0"));
  await Deno.mkdir(`${root}/../other`);
  await Deno.writeTextFile(`${root}/../other/deno.json`, "{}");
  const configuration = async (env = {}, words = "test --sim") => {
    const { code, out, err } = await run([...words.split(" "), "--bin", "other/node.ts"], env);
    return code === 255 ? err : / --config (\S+) --no-lock /.exec(out)![1]!;
  };
  const path = await configuration();
  assertMatch(path, /\/project\/\.deno\/linked-\d+\.json$/);
  const { links } = JSON.parse(await Deno.readTextFile(path));
  assertEquals(links, ["project", "other"].map((name) => `file://${root.replace(/project$/, name)}/`));
  assertEquals(await configuration({}, "swarm"), path);
  await Deno.remove(`${root}/.deno`, { recursive: true });
  await Deno.writeTextFile(`${root}/.deno`, "not a folder");
  const cached = await configuration({ HOME: `${root}/../home` });
  assertMatch(cached, /\/home\/\.cache\/gossip-glomers\/linked-\d+\.json$/);
  assertStringIncludes(await configuration({ HOME: `${root}/.deno` }), "expected to write a configuration to ");
});

testScript("prefers $DENO, then PATH, then .deno/", async ({ root, bin, script, run }) => {
  await Deno.mkdir(`${root}/.deno`);
  await script(`${root}/.deno/deno`, deno("2.9.6", "own"));
  assertMatch((await run(["x"])).out, /^own: /);
  await script(`${bin}/deno`, deno("2.9.6", "path"));
  assertMatch((await run(["x"])).out, /^path: /);
  await script(`${root}/../mine`, deno("2.9.6", "mine"));
  const { out } = await run(["x"], { DENO: `${root}/../mine` });
  assertMatch(out, /^mine: /);
  const relative = await run(["x"], { DENO: "./mine" });
  assertStringIncludes(relative.out, `DENO=${root.replace(/project$/, "")}./mine `);
});

testScript("skips a Deno that is too old or does not run", async ({ root, bin, script, run }) => {
  await Deno.mkdir(`${root}/.deno`);
  await script(`${root}/.deno/deno`, deno("2.9.6", "own"));
  for (const version of ["1.46.3", "2.4.9", "0.1.0", "x"]) {
    await script(`${bin}/deno`, deno(version));
    assertMatch((await run(["x"])).out, /^own: /, version);
  }
  for (const version of ["2.5.0", "2.10.0", "3.0.0"]) {
    await script(`${bin}/deno`, deno(version));
    assertMatch((await run(["x"])).out, new RegExp(`^${version}: `));
  }
  await script(`${bin}/deno`, "exit 1");
  assertMatch((await run(["x"])).out, /^own: /);
  const { out, err } = await run(["x"], { DENO: "/no/such/deno" });
  assertMatch(out, /^own: /);
  assertEquals(err, "maelstrom.sh: DENO is /no/such/deno, which is not Deno 2.5 or newer; looking for another\n");
});

testScript("keeps the user's choice of certificates", async ({ bin, script, run }) => {
  await script(`${bin}/deno`, deno("2.9.0"));
  assertStringIncludes((await run(["x"], { DENO_TLS_CA_STORE: "system" })).out, " 1 system\n");
});

testScript("installs the pinned Deno from npm once, and says so in one line", async (place) => {
  const { root, bin, script, run } = place;
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/npm`, NPM);
  const first = await run(["list"], env);
  assertEquals(first.err, `maelstrom.sh: installing Deno 2.9.6 into ${root}/.deno by npm, once\n`);
  assertMatch(first.out, /^installed: run .* list\n/);
  const second = await run(["list"], env);
  assertEquals([second.err, second.out], ["", first.out]);
  const log = await Deno.readTextFile(env.LOG!);
  assertMatch(log, /^npm install --no-audit --no-fund --ignore-scripts @deno\/[a-z]+-[a-z0-9-]+@2\.9\.6\n$/);
  assertEquals(namesIn(`${root}/.deno`), ["deno"]);
});

testScript("supports concurrent installations", async (place) => {
  const { root, bin, script, run } = place;
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/npm`, NPM);
  for (const { out } of await Promise.all(["a", "b", "c"].map((word) => run([word], env)))) {
    assertMatch(out, /^installed: run /);
  }
  assertEquals(namesIn(`${root}/.deno`), ["deno"]);
});

testScript("installs Deno again after an incomplete installation", async (place) => {
  const { root, bin, script, run } = place;
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/npm`, NPM);
  await Deno.mkdir(`${root}/.deno/installing.abc`, { recursive: true });
  await Deno.writeTextFile(`${root}/.deno/deno`, "half", { mode: 0o755 });
  const { out } = await run(["x"], env);
  assertMatch(out, /^installed: run /);
});

testScript("shows why npm failed, and leaves no files", async ({ root, bin, script, run }) => {
  await script(`${bin}/npm`, "echo 'npm error network'; exit 1");
  const { code, out, err } = await run(["list"]);
  assertEquals([code, out], [255, ""]);
  assertStringIncludes(err, "npm error network\n");
  assertMatch(
    err,
    /maelstrom.sh: cannot install Deno 2.9.6: see above; or install Deno 2.5 or newer from https:\/\/deno.com\n$/,
  );
  assertEquals(namesIn(`${root}/.deno`), []);
});

testScript("installs the release by curl if there is no npm", async (place) => {
  const { root, bin, script, run } = place;
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/curl`, CURL);
  await script(`${bin}/unzip`, UNZIP);
  const { out, err } = await run(["list"], env);
  assertEquals(err, `maelstrom.sh: installing Deno 2.9.6 into ${root}/.deno by curl, once\n`);
  assertMatch(out, /^installed: run /);
  const url = "https:\\/\\/github.com\\/denoland\\/deno\\/releases\\/download\\/v2.9.6\\/deno-[a-z0-9_-]+.zip";
  assertMatch(await Deno.readTextFile(env.LOG!), new RegExp(`^curl --proto =https -fsSL -o deno.zip ${url}\n$`));
});

for (const how of ["npm", "curl"]) {
  testScript(`refuses a Deno from ${how} with another sum, and does not run it`, async (place) => {
    const { root, bin, script, run } = place;
    const env = await offerDeno(place, deno("2.9.6", "installed"));
    await script(env.FAKE_DENO!, `echo ran >>"$LOG"`);
    await script(`${bin}/npm`, NPM);
    await script(`${bin}/curl`, CURL);
    await script(`${bin}/unzip`, UNZIP);
    if (how === "curl") await Deno.remove(`${bin}/npm`);
    const { code, out, err } = await run(["list"], env);
    assertEquals([code, out], [255, ""]);
    assertMatch(
      err,
      /cannot install Deno 2\.9\.6: what was fetched has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}; it is damaged, /,
    );
    assertEquals((await Deno.readTextFile(env.LOG!)).includes("ran"), false);
    assertEquals(namesIn(`${root}/.deno`), []);
  });
}

testScript("checks the sum with shasum if there is no sha256sum, and needs one of them", async (place) => {
  const { bin, sum, script, run } = place;
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/npm`, NPM);
  await Deno.remove(`${bin}/sha256sum`);
  const { code, err } = await run(["list"], env);
  assertEquals(code, 255);
  assertStringIncludes(err, "cannot install Deno 2.9.6: expected sha256sum or shasum, to check it; or ");
  await script(`${bin}/shasum`, `[ "$*" = "-a 256" ] && exec ${sum}`);
  assertMatch((await run(["list"], env)).out, /^installed: run /);
});

testScript("shows why a Deno with the right sum does not run", async (place) => {
  const { bin, script, run } = place;
  const env = await offerDeno(place, "echo 'libc is missing' >&2; exit 127");
  await script(`${bin}/npm`, NPM);
  const { code, err } = await run(["list"], env);
  assertEquals(code, 255);
  assertMatch(err, /libc is missing\nmaelstrom.sh: cannot install Deno 2\.9\.6: it does not run here; or install /);
});

testScript("pins a Deno for Linux and macOS, on x64 and ARM", async (place) => {
  const { root, bin, script, run } = place;
  const pinned = (await Deno.readTextFile(`${root}/maelstrom.sh`)).match(/(?<=sha256=)[0-9a-f]{64}/g) ?? [];
  const env = await offerDeno(place, deno("2.9.6", "installed"));
  await script(`${bin}/npm`, NPM);
  await Deno.remove(`${bin}/uname`);
  const packages: string[] = [];
  for (const platform of ["Linux x86_64", "Linux aarch64", "Darwin x86_64", "Darwin arm64"]) {
    await script(`${bin}/uname`, `[ "$*" = -sm ] && echo "${platform}"`);
    assertMatch((await run(["list"], env)).out, /^installed: /, platform);
    await Deno.remove(`${root}/.deno`, { recursive: true });
    packages.push(/@deno\/(.*)@/.exec((await Deno.readTextFile(env.LOG!)).trimEnd().split("\n").at(-1)!)![1]!);
  }
  assertEquals(packages, ["linux-x64-glibc", "linux-arm64-glibc", "darwin-x64", "darwin-arm64"]);
  assertEquals(new Set(pinned).size, 4);
  await script(`${bin}/uname`, "echo FreeBSD amd64");
  assertStringIncludes(
    (await run(["list"], env)).err,
    "cannot install Deno 2.9.6: there is none for FreeBSD amd64; or",
  );
});

Deno.test({
  name: "maelstrom.sh pins the sum of the Deno that it installs",
  ignore: !ALLOWED,
  async fn() {
    const [installed, script] = [new URL(".deno/deno", ROOT), await Deno.readTextFile(new URL("maelstrom.sh", ROOT))];
    const bytes = await Deno.readFile(installed).catch(() => undefined);
    // Only a Deno that maelstrom.sh has installed is known to be the pinned one.
    if (bytes === undefined) return;
    const { stdout } = await new Deno.Command(installed, { args: ["--version"] }).output();
    if (!new TextDecoder().decode(stdout).startsWith(`deno ${/^VERSION=(\S+)/m.exec(script)![1]} `)) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    assertStringIncludes(script, `sha256=${sum} `);
  },
});

testScript("says what it needs if there is neither npm nor curl", async ({ run }) => {
  const { code, err } = await run(["list"]);
  assertEquals(code, 255);
  assertEquals(
    err,
    "maelstrom.sh: cannot install Deno 2.9.6: expected npm or curl; " +
      "or install Deno 2.5 or newer from https://deno.com\n",
  );
});

Deno.test({
  name: "maelstrom.sh runs real command lines",
  ignore: !ALLOWED,
  async fn() {
    const run = async (...args: string[]) => {
      const command = new Deno.Command(new URL("maelstrom.sh", ROOT), {
        args,
        env: { DENO: Deno.execPath() },
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };
    const help = await run();
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, "./maelstrom.sh COMMAND");
    const bad = await run("brodcast");
    assertEquals([bad.code, bad.out], [254, ""]);
    assertMatch(bad.err, /^Cannot find brodcast: .* did you mean broadcast\?\n$/);
    const blocked = await run(..."test -w echo --bin /bin/sh --engine workbench --store /dev/null/store".split(" "));
    assertEquals([blocked.code, blocked.out], [254, ""]);
    assertMatch(blocked.err, /^Cannot write to --store \/dev\/null\/store: .*\n$/);
    assert((await run("deno", "--version")).out.startsWith(`deno ${Deno.version.deno}`));
  },
});

Deno.test({
  name: "maelstrom.sh stops its nodes when it is interrupted, then checks and stores the history",
  ignore: !ALLOWED,
  async fn() {
    const folder = await Deno.makeTempDir();
    // A node that writes its process id and then executes the real program under the same id.
    const program = new URL("challenges/bin/echo", ROOT).pathname;
    await Deno.writeTextFile(`${folder}/node`, `#!/bin/sh\necho $$ >${folder}/pid\nexec ${program}\n`, { mode: 0o755 });
    const flags = `--node-count 1 --time-limit 600 --log-net-send --engine workbench --store ${folder}/store`.split(
      " ",
    );
    const child = new Deno.Command(new URL("maelstrom.sh", ROOT), {
      args: ["test", "-w", "echo", "--bin", `${folder}/node`, ...flags],
      env: { DENO: Deno.execPath() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let log = "";
    const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          // Interrupt after the first reply of the main phase: then there is a history to check.
          if (!log.includes("echo_ok") && (log + text).includes("echo_ok")) child.kill("SIGINT");
          log += text;
        },
      }),
    );
    const out = await new Response(child.stdout).text();
    const { code } = await child.status;
    await reading;
    assertEquals([code, out.split("\n")[0]], [130, "? echo: unknown"]);
    assertStringIncludes(log, "Ending the nodes, and checking what was recorded; Ctrl-C again ends at once\n");
    assertStringIncludes(out, "The run was ended early");
    const results = JSON.parse(await Deno.readTextFile(`${folder}/store/latest/results.json`));
    assert(results.valid === "unknown" && results.interrupted && results.operations.ok >= 1);
    const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
    const { success } = await new Deno.Command("sh", { args: ["-c", `kill -0 ${pid}`], stderr: "null" }).output();
    assertEquals(success, false, "the node has ended");
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "maelstrom.sh simulates a challenge, and prints the same bytes for the same seed",
  ignore: !ALLOWED,
  async fn() {
    const folder = await Deno.makeTempDir();
    const run = async (...flags: string[]) => {
      const { code, stdout } = await new Deno.Command(new URL("maelstrom.sh", ROOT), {
        args: ["3e", "--sim", "--json", "--quiet", "--store", folder, "--time-limit", "5", "--seed", ...flags],
        env: { DENO: Deno.execPath() },
        stdin: "null",
        stderr: "null",
      }).output();
      return { code, out: new TextDecoder().decode(stdout) };
    };
    const [first, second, other, checked] = await Promise.all(
      [run("7"), run("7"), run("8"), run("7", "--check-determinism")],
    );
    const results = JSON.parse(first.out);
    assertEquals([first.code, results.mode, results.seed], [0, "simulation", "7"]);
    assertEquals(first, second);
    assert(first.out !== other.out);
    assertEquals([checked.code, JSON.parse(checked.out)], [0, { ...results, deterministic: true }]);
    await Deno.remove(folder, { recursive: true });
  },
});
