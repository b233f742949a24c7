/**
 * Variables of the environment.
 *
 * @module
 */

/** Reads a variable of this process. Without permission for it, it counts as not set. */
export function ownVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
