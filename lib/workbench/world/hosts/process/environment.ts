/**
 * Environment of the nodes: what a program needs to find its files and those of its language, and nothing else. A token
 * or a password in the environment of the workbench is not theirs. `docs/environment.md` has the list for users.
 *
 * @module
 */

import { UsageError } from "../../../base/errors.ts";

/** Variable that nodes get besides {@linkcode PASSED}. */
export interface Variable {
  /** Its name. A `*` at the end stands for any text. */
  name: string;
  /** Its value; by default that of the workbench's own environment. */
  value?: string;
}

/** Names of the variables that nodes get if they are set, by purpose. A `*` at the end stands for any text. */
export const PASSED: Readonly<Record<string, string>> = {
  "any program": "PATH HOME USER LOGNAME SHELL TMPDIR TMP TEMP LANG LANGUAGE LC_* TZ TERM NO_COLOR",
  "libraries": "LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH",
  "caches, settings": "XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME",
  "certificates": "SSL_CERT_FILE SSL_CERT_DIR NIX_SSL_CERT_FILE NODE_EXTRA_CA_CERTS",
  "version managers": "ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR NVM_DIR PYENV_ROOT PYENV_VERSION RBENV_ROOT RBENV_VERSION",
  "Deno": "DENO DENO_DIR DENO_CERT DENO_TLS_CA_STORE DENO_NO_UPDATE_CHECK DENO_V8_FLAGS NPM_CONFIG_REGISTRY JSR_URL",
  "Node, Bun": "NODE_PATH NODE_OPTIONS NODE_ENV NODE_NO_WARNINGS BUN_INSTALL",
  "Go": "GOPATH GOROOT GOBIN GOCACHE GOMODCACHE GOFLAGS GOTOOLCHAIN GOMAXPROCS GOGC GOMEMLIMIT GODEBUG GOTRACEBACK",
  "Python": "PYTHONPATH PYTHONHOME PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONHASHSEED " +
    "PYTHONIOENCODING PYTHONUTF8 PYTHONUSERBASE VIRTUAL_ENV CONDA_PREFIX",
  "JVM": "JAVA_HOME JAVA_OPTS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH",
  "Ruby": "RUBYOPT RUBYLIB GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLE_PATH",
  "Rust": "CARGO_HOME CARGO_TARGET_DIR RUSTUP_HOME RUSTUP_TOOLCHAIN RUST_BACKTRACE RUST_LOG",
  "Erlang, Elixir": "ERL_LIBS ERL_FLAGS ERL_AFLAGS ELIXIR_ERL_OPTIONS MIX_HOME MIX_ENV HEX_HOME",
  ".NET": "DOTNET_ROOT DOTNET_CLI_HOME DOTNET_CLI_TELEMETRY_OPTOUT DOTNET_NOLOGO",
  "Haskell, OCaml": "GHCUP_INSTALL_BASE_PREFIX STACK_ROOT CABAL_DIR OPAMROOT OPAM_SWITCH_PREFIX CAML_LD_LIBRARY_PATH",
  "Perl, Lua, PHP, Julia": "PERL5LIB PERL5OPT LUA_PATH LUA_CPATH PHPRC PHP_INI_SCAN_DIR JULIA_DEPOT_PATH JULIA_PROJECT",
};

/**
 * Returns the environment of the nodes.
 *
 * @param asked Variables that the user asks for (`--env`). A later one of the same name counts.
 * @param own Environment of the workbench.
 * @throws {UsageError} A variable that the user asks for has no value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nodeEnvironment } from "./environment.ts";
 *
 * const own = { PATH: "/bin", LC_ALL: "C", TOKEN: "secret", DEBUG: "1" };
 * assertEquals(nodeEnvironment([], own), { PATH: "/bin", LC_ALL: "C" });
 * assertEquals(nodeEnvironment([{ name: "DEBUG" }, { name: "PATH", value: "/usr/bin" }], own), {
 *   PATH: "/usr/bin",
 *   LC_ALL: "C",
 *   DEBUG: "1",
 * });
 * assertEquals(nodeEnvironment([{ name: "*" }], own), own);
 * ```
 */
export function nodeEnvironment(
  asked: readonly Variable[] = [],
  own: Readonly<Record<string, string>> = Deno.env.toObject(),
): Record<string, string> {
  const usual = Object.values(PASSED).join(" ").split(" ").map((name) => ({ name }));
  return Object.fromEntries([
    ...usual.flatMap((variable) => entriesOf(variable, own)),
    ...asked.flatMap((variable) => requireEntries(variable, own)),
  ]);
}

/** Returns the names and values of a variable; none if it is not set. */
function entriesOf({ name, value }: Variable, own: Readonly<Record<string, string>>): [string, string][] {
  if (value !== undefined) return [[name, value]];
  if (name.endsWith("*")) return Object.entries(own).filter(([key]) => key.startsWith(name.slice(0, -1)));
  return Object.hasOwn(own, name) ? [[name, own[name]!]] : [];
}

function requireEntries(variable: Variable, own: Readonly<Record<string, string>>): [string, string][] {
  const entries = entriesOf(variable, own);
  if (entries.length > 0 || variable.name === "*") return entries;
  throw new UsageError(
    `Cannot pass on --env ${variable.name}: no such variable is set here; set it, or write NAME=VALUE`,
  );
}
