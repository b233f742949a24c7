import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { UsageError } from "../../../../../lib/workbench/base/errors.ts";
import {
  nodeEnvironment,
  PASSED,
  type Variable,
} from "../../../../../lib/workbench/world/hosts/process/environment.ts";
import { IGNORED, startRig } from "./process_rig.ts";

const USUAL = { PATH: "/bin", HOME: "/home/me", LC_ALL: "C", GOCACHE: "/go", PYTHONPATH: "", DENO: "/bin/deno" };
const SECRETS = {
  AWS_SECRET_ACCESS_KEY: "x",
  GITHUB_TOKEN: "x",
  GOOGLE_APPLICATION_CREDENTIALS: "x",
  NODE_AUTH_TOKEN: "x",
  NPM_TOKEN: "x",
  CARGO_REGISTRY_TOKEN: "x",
  DENO_AUTH_TOKENS: "x",
  GEM_HOST_API_KEY: "x",
  HTTPS_PROXY: "http://me:x@proxy",
  SSH_AUTH_SOCK: "/x",
};

Deno.test("nodes get what languages need, and no secrets", () => {
  assertEquals(nodeEnvironment([], { ...USUAL, ...SECRETS }), USUAL);
});

Deno.test("nodes get the variables that the user asks for; the last one of a name counts", () => {
  const own = { ...USUAL, ...SECRETS, DEBUG_A: "1", DEBUG_B: "2" };
  const added = (...asked: Variable[]) => {
    const environment = Object.entries(nodeEnvironment(asked, own));
    return Object.fromEntries(environment.filter(([name, value]) => USUAL[name as keyof typeof USUAL] !== value));
  };
  assertEquals(added({ name: "NPM_TOKEN" }), { NPM_TOKEN: "x" });
  assertEquals(added({ name: "NEW", value: "" }, { name: "PATH", value: "a=b" }), { NEW: "", PATH: "a=b" });
  assertEquals(added({ name: "NEW", value: "1" }, { name: "NEW", value: "2" }), { NEW: "2" });
  assertEquals(added({ name: "DEBUG_*" }), { DEBUG_A: "1", DEBUG_B: "2" });
  assertEquals(nodeEnvironment([{ name: "*" }], own), own);
  assertEquals(nodeEnvironment([{ name: "*" }], {}), {});
});

Deno.test("a variable that is asked for must be set", () => {
  for (const name of ["DEBUG", "DEBUG_*", "toString"]) {
    assertThrows(
      () => nodeEnvironment([{ name }], { DEBUGGER: "1" }),
      UsageError,
      `Cannot pass on --env ${name}: no such variable is set here; set it, or write NAME=VALUE`,
    );
  }
});

Deno.test({
  name: "docs/environment.md has exactly the variables that nodes get",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  fn() {
    const page = Deno.readTextFileSync(new URL("../../../../../docs/environment.md", import.meta.url));
    const items = page.replaceAll(/\n +/g, " ").split("\n").map((line) => /^- (.+): (`[`\w*, ]+)\.$/.exec(line));
    const listed = items.filter((item) => item !== null).map(([, purpose, names]) => [purpose, names]);
    const expected = Object.entries(PASSED).map(([purpose, names]) => [purpose, names.replace(/\S+/g, "`$&`,")]);
    assertEquals(listed.map(([purpose, names]) => [purpose, `${names},`]), expected);
  },
});

Deno.test({
  name: "a process gets its environment and nothing else",
  ignore: IGNORED,
  async fn() {
    const folder = await Deno.makeTempDir();
    Deno.env.set("WORKBENCH_TOKEN", "secret");
    const seen = async (env?: Record<string, string>) => {
      const rig = startRig(folder, "/bin/sh", ["-c", "env >&2; echo done >&2; read -r line"], env);
      await rig.said("n0: done");
      await rig.node.stop();
      return rig.stderr.map((line) => line.slice("n0: ".length));
    };
    try {
      const usual = await seen();
      assert(usual.includes(`PATH=${Deno.env.get("PATH")}`));
      assertFalse(usual.some((line) => line.includes("secret")));
      assert((await seen(nodeEnvironment([{ name: "*" }]))).includes("WORKBENCH_TOKEN=secret"));
      // The shell adds some of its own.
      const least = (await seen({ LANG: "C" })).map((line) => line.split("=")[0]!);
      assertEquals(least.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_", "done"].includes(name)), ["LANG"]);
    } finally {
      Deno.env.delete("WORKBENCH_TOKEN");
      await Deno.remove(folder, { recursive: true });
    }
  },
});
