import { assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

const ALLOWED = (["read", "write", "run", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** Returns the code blocks of a language in a section of the README. */
function blocks(section: string, language: string): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/README.md`).split(/^## /m).find((part) => part.startsWith(section))!;
  return Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms")), ([, code]) => code!);
}

Deno.test({
  name: "the README's node of your own runs as printed, only shorter",
  ignore: !ALLOWED,
  async fn() {
    const folder = await Deno.makeTempDir();
    const run = async (command: string) => {
      const shorter = command.replace("--time-limit 20", "--time-limit 2").replace("--seeds 20", "--seeds 2");
      const env = { DENO: Deno.execPath(), NO_COLOR: "1" };
      const options = { args: ["-ec", shorter], cwd: folder, env };
      const { code, stdout, stderr } = await new Deno.Command("sh", options).output();
      const text = new TextDecoder().decode(stdout);
      assertEquals(code, 0, `${shorter}\n${text}${new TextDecoder().decode(stderr)}`);
      return text;
    };
    try {
      await Deno.symlink(`${ROOT}/maelstrom.sh`, `${folder}/maelstrom.sh`);
      const [create, test] = blocks("A node of your own", "sh");
      assertStringIncludes(await run(create!), "Created my_node");
      await Deno.writeTextFile(`${folder}/my_node/node.ts`, blocks("A node of your own", "ts")[0]!);
      const printed = await run(test!);
      assertStringIncludes(printed, "✓ broadcast: valid");
      assertStringIncludes(printed, "2 of 2 passed");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
