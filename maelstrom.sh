#!/usr/bin/env bash
# The one entry point: finds Deno, or installs it into .deno/, and runs lib/workbench/cli/main.ts with it.
# Usage: ./maelstrom.sh help
set -eu

VERSION=2.9.6 # the version to install
OLDEST="2 5"  # the oldest version that works: major, minor

say() { echo "maelstrom.sh: $*" >&2; }

# Sets $root to the folder of this script, also when a link to it is called.
find_root() {
  local script=${BASH_SOURCE[0]} target
  while [ -h "$script" ]; do
    target=$(readlink "$script")
    case $target in
      /*) script=$target ;;
      *) script=$(dirname "$script")/$target ;;
    esac
  done
  root=$(cd "$(dirname "$script")" && pwd -P)
}

# Succeeds if $1 is a Deno that is new enough.
usable() {
  local version
  version=$("$1" --version 2>/dev/null </dev/null | sed -n 's/^deno \([0-9]*\)\.\([0-9]*\)\..*/\1 \2/p') || return 1
  [ -n "$version" ] || return 1
  # shellcheck disable=SC2086 # Two numbers each.
  set -- $version $OLDEST
  [ "$1" -gt "$3" ] || { [ "$1" -eq "$3" ] && [ "$2" -ge "$4" ]; }
}

# Sets $deno to the first of $DENO, PATH and .deno/ that is usable.
find_deno() {
  if [ -n "${DENO:-}" ]; then
    deno=$(command -v "$DENO" || true)
    usable "$deno" && return
    say "DENO is $DENO, which is not Deno ${OLDEST/ /.} or newer; looking for another"
  fi
  deno=$(command -v deno || true)
  [ -n "$deno" ] && usable "$deno" && return
  deno=$root/.deno/deno
  [ -x "$deno" ] && usable "$deno"
}

# Installs Deno in a temporary folder and moves it from there: two installations at once, or one that is cut short,
# never leave an incomplete Deno.
install_deno() {
  local how
  if command -v npm >/dev/null; then how=npm
  elif command -v curl >/dev/null; then how="Deno's installer"
  else
    say "cannot install Deno: expected npm or curl; or install Deno ${OLDEST/ /.} or newer from https://deno.com"
    exit 255
  fi
  say "installing Deno $VERSION into $root/.deno by $how, once"
  mkdir -p "$root/.deno"
  # Remove what installations that were cut short have left.
  find "$root/.deno" -maxdepth 1 -name 'installing.*' -mmin +60 -exec rm -rf {} +
  incoming=$(mktemp -d "$root/.deno/installing.XXXXXX")
  trap 'rm -rf "$incoming"' EXIT
  if [ "$how" = npm ]; then install_by_npm; else install_by_curl; fi >"$incoming/log" 2>&1 </dev/null || true
  for deno in "$incoming"/node_modules/@deno/*/deno "$incoming/bin/deno"; do
    [ -f "$deno" ] || continue
    chmod +x "$deno"
    usable "$deno" || continue
    mv -f "$deno" "$root/.deno/deno"
    deno=$root/.deno/deno
    rm -rf "$incoming"
    trap - EXIT
    return
  done
  cat "$incoming/log" >&2
  say "cannot install Deno $VERSION: see above; or install Deno ${OLDEST/ /.} or newer from https://deno.com"
  exit 255
}

# The npm package is a launcher. The binary comes as its dependency for this platform, and needs no install script.
install_by_npm() (
  cd "$incoming" && echo '{"private":true}' >package.json &&
    npm install --no-audit --no-fund --ignore-scripts "deno@$VERSION"
)

install_by_curl() (
  cd "$incoming" && curl -fsSL https://deno.land/install.sh -o install.sh &&
    DENO_INSTALL=$incoming sh install.sh --no-modify-path "v$VERSION"
)

find_root
find_deno || install_deno

case $deno in /*) ;; *) deno=$PWD/$deno ;; esac
export DENO="$deno" # absolute: nodes run in another folder
export DENO_NO_UPDATE_CHECK=1
# Companies often add certificates of their own to the system's.
export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-mozilla,system}"

permissions="--allow-read --allow-write --allow-run --allow-env=MAELSTROM,NO_COLOR,TERM,TMPDIR,TMP,TEMP"
case ${1:-} in
  deno)
    shift
    exec "$deno" "$@"
    ;;
  install) permissions="$permissions --allow-net" ;;
esac
# shellcheck disable=SC2086 # Several words.
exec "$deno" run --quiet --no-prompt $permissions --config "$root/deno.json" "$root/lib/workbench/cli/main.ts" "$@"
