import type { AnyNode } from "../../../mod.ts";

/** Program that registers its handler too late. */
export default async function program(node: AnyNode): Promise<void> {
  await Promise.resolve();
  node.on("echo", ({ echo }) => ({ echo }));
}
