/**
 * Tests that run programs and store the runs.
 *
 * @module
 */

/** True if tests with a store are skipped: they need permission to read, to write and to import. */
export const IGNORED = (["read", "write", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted");

/** Declares a test with a temporary folder for stored runs. */
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
