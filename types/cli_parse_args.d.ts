/** The part of `@std/cli/parse-args` that this project uses. */
export interface ParseOptions {
  "--"?: boolean;
  alias?: Record<string, string | string[]>;
  boolean?: boolean | string | string[];
  collect?: string | string[];
  default?: Record<string, unknown>;
  negatable?: string | string[];
  stopEarly?: boolean;
  string?: string | string[];
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
// deno-lint-ignore no-explicit-any
export type Args = { _: (string | number)[]; "--"?: string[]; [key: string]: any };
export function parseArgs(args: string[], options?: ParseOptions): Args;
