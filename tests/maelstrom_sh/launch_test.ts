import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deno, testScript } from "./place.ts";

testScript("runs the command line in Deno", async ({ root, bin, script, run }) => {
  await script(`${bin}/deno`, deno("2.9.0"));
  const { code, out, err } = await run(["kafka", "--rate", "1", "--", "two words"]);
  const permissions = "--allow-env --allow-read --allow-write --allow-run --allow-sys=getPriority,setPriority";
  assertEquals(
    out.split("\n")[0],
    `2.9.0: run --quiet --no-prompt ${permissions} --config ${root}/deno.json ` +
      `${root}/lib/workbench/cli/main.ts kafka --rate 1 -- two words`,
  );
  assertEquals(out.split("\n")[1], `DENO=${bin}/deno 1 mozilla,system`);
  assertEquals([code, err], [7, ""]);
});

/** Variables of the client of NATS. */
const NATS = "NATS_URL,NATS_CREDS,NATS_CA,NATS_CERT,NATS_KEY";

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
    "compare a b --out c.html",
  ],
  [`--allow-env=NO_COLOR,TERM,${NATS} --allow-read --allow-write --allow-net --allow-sys=hostname`]: [
    "swarm --worker nats://h",
    "swarm --seeds 9 --coordinator=nats://h",
  ],
  "--allow-env=NO_COLOR,TERM --allow-read --allow-net=127.0.0.1": ["serve", "serve --port 0", "serve --host a,b"],
  "--allow-env=NO_COLOR,TERM --allow-read --allow-net=[::1]": ["serve --host ::1", "serve --port 1 --host=::1"],
  "--allow-env=NO_COLOR,TERM --allow-read --allow-write --allow-run --allow-net": ["install", "install --from x"],
  "--allow-env --allow-read --allow-write --allow-run --allow-sys=getPriority,setPriority": [
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
