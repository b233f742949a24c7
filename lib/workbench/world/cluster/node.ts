/**
 * Process of a node in a cluster whose program a module exports; `bridge.ts` is that of any other program. Its
 * arguments: the name of the cluster, that of the node, those of all nodes separated by commas, the path of the module
 * that exports the program, and the arguments of the program. The environment has the addresses of NATS,
 * and what is needed to be let in.
 *
 * @module
 */

import { serveNats } from "../../../cluster/nats.ts";
import type { Node } from "../../../node.ts";
import { logToStderr } from "../../../process_host.ts";

/** Argument of a program that makes a node log details. The host handles it; the program does not get it. */
const DEBUG = "--debug";

if (import.meta.main) {
  const [cluster, id, nodes, module, ...args] = Deno.args as [string, string, string, string, ...string[]];
  const { default: program } = await import(`file://${module.split("/").map(encodeURIComponent).join("/")}`) as {
    default: (node: Node, args: readonly string[]) => void;
  };
  if (typeof program !== "function") {
    logToStderr(
      "error",
      `Cannot run ${module}: its default export is ${typeof program}, expected a function of a node`,
    );
    Deno.exit(1);
  }
  const own = args.filter((word) => word !== DEBUG);
  await serveNats((node: Node) => program(node, own), {
    cluster,
    id,
    nodes: nodes.split(","),
    // A test may have killed the server for a while.
    waitsForServer: true,
  });
}
