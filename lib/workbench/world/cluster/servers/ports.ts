/**
 * Ports for servers of this machine.
 *
 * @module
 */

/**
 * Range of the ports. Systems give connections local ports above it (Linux from 32768, macOS from 49152). So no
 * connection takes the port of a server that is down for a moment, not even one that a client tries to make to it.
 */
const RANGE = { from: 10_000, to: 32_000 } as const;

/** Returns a port of 127.0.0.1 that nothing listens on. It is random, so two at once are hardly the same. */
export function freePort(): number {
  for (;;) {
    const port = RANGE.from + crypto.getRandomValues(new Uint32Array(1))[0]! % (RANGE.to - RANGE.from);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
