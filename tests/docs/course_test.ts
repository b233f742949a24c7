import { assert, assertEquals } from "@std/assert";
import { parseGradeOptions } from "../../lib/workbench/cli/grade/options.ts";
import { fakeMachine } from "../workbench/engines/fake_machine.ts";

const COURSE = decodeURIComponent(new URL("../../docs/course/", import.meta.url).pathname);
const isReadable = Deno.permissions.querySync({ name: "read" }).state === "granted";
const mayRun = Deno.permissions.querySync({ name: "run" }).state === "granted";

function isInstalled(program: string): boolean {
  return mayRun &&
    new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success;
}

/** The script of a step of the workflow. */
function scriptOf(step: string): string {
  const workflow = Deno.readTextFileSync(`${COURSE}classroom.yml`);
  const [, lines] = new RegExp(`- name: ${step}\n(?:.*\n)*?        run: \\|\n((?: {10}.*\n)+)`).exec(workflow)!;
  return lines!;
}

Deno.test({
  name: "each grade command of docs/course is one that grade accepts",
  ignore: !isReadable,
  fn() {
    const page = Deno.readTextFileSync(`${COURSE}README.md`);
    const commands = Array.from(`${page}\n${scriptOf("Grade")}`.matchAll(/maelstrom\.sh"? grade (--bin .*[^`\s])/g));
    assertEquals(commands.length, 5);
    const [, points] = /```text\n(3 = [^]*?)```/.exec(page)!;
    const files = { ...fakeMachine().files, readTextFile: () => points! };
    for (const [, flags] of commands) {
      parseGradeOptions(flags!.split("`")[0]!.replaceAll('"', "").split(" "), { env: () => undefined, files });
    }
  },
});

Deno.test({
  name: "the workflow passes the secret as a variable, and mentions it nowhere else",
  ignore: !isReadable,
  fn() {
    const workflow = Deno.readTextFileSync(`${COURSE}classroom.yml`).replaceAll(/^#.*\n/gm, "");
    assertEquals(workflow.match(/GRADE_SECRET/g)?.length, 2);
    assert(workflow.includes("          GRADE_SECRET: ${{ secrets.GRADE_SECRET }}\n"));
  },
});

Deno.test({
  name: "the workflow writes the points as the notices that Classroom reads",
  ignore: !isReadable || !isInstalled("jq"),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/grade`);
      await Deno.writeTextFile(`${folder}/grade/grade.json`, JSON.stringify({ points: 5, max_points: 7 }));
      const options = { args: ["-ec", scriptOf("Points")], cwd: folder };
      const { stdout } = await new Deno.Command("sh", options).output();
      assertEquals(new TextDecoder().decode(stdout).split("\n"), [
        "::notice title=Autograding complete::Points 5/7",
        '::notice title=Autograding report::{"totalPoints":5,"maxPoints":7}',
        "",
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
