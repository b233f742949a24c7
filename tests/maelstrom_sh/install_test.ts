import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { deno, MAY_RUN_SCRIPTS, namesIn, type Place, testScript } from "./place.ts";

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
  ignore: !MAY_RUN_SCRIPTS,
  async fn() {
    const [installed, script] = [`${ROOT}/.deno/deno`, await Deno.readTextFile(`${ROOT}/maelstrom.sh`)];
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
