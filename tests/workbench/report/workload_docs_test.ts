import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { workloadDocs } from "../../../lib/workbench/report/workload_docs.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";

const readable = Deno.permissions.querySync({ name: "read" }).state === "granted";

Deno.test("the reference has every workload and message, with types and descriptions", () => {
  const docs = workloadDocs(Object.values(WORKLOADS));
  for (const { name, rpcs } of Object.values(WORKLOADS)) {
    assertStringIncludes(docs, `\n## ${name}\n`);
    for (const { type } of rpcs) {
      assertStringIncludes(docs, `\n### ${type}\n`);
      assertStringIncludes(docs, `type Request = {\n  type: "${type}";\n  msg_id: integer;\n`);
      assertStringIncludes(
        docs,
        `type Reply = {\n  type: "${type}_ok";\n  msg_id?: integer;\n  in_reply_to: integer;\n`,
      );
    }
  }
  assertStringIncludes(
    docs,
    "  /** the lowest offset to return, for each log */\n  offsets: { [key: string]: integer };\n",
  );
});

Deno.test("lines of the reference are no longer than deno fmt allows", () => {
  for (const line of workloadDocs(Object.values(WORKLOADS)).split("\n")) assert(line.length <= 120, line);
});

Deno.test({
  name: "docs/workloads.md is current; if not: deno run --allow-write=docs lib/workbench/report/workload_docs.ts",
  ignore: !readable,
  async fn() {
    const committed = await Deno.readTextFile(new URL("../../../docs/workloads.md", import.meta.url));
    assertEquals(committed, workloadDocs(Object.values(WORKLOADS)));
  },
});
