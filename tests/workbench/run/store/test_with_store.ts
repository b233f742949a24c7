/**
 * Tests that run programs and store what comes of it.
 *
 * @module
 */

/** Whether these are left out: they import programs, and write to a folder of their own. */
export const IGNORED = (["read", "write", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted");

/** The folder of the project. */
export const ROOT = decodeURIComponent(new URL("../../../..", import.meta.url).pathname).replace(/\/$/, "");

/** Declares a test with a folder of its own to store runs in; afterwards that is gone. */
export function testWithStore(name: string, fn: (store: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: IGNORED,
    async fn() {
      const store = await Deno.makeTempDir();
      try {
        await fn(store);
      } finally {
        await Deno.remove(store, { recursive: true });
      }
    },
  });
}
