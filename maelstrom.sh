#!/usr/bin/env bash
# The one entry point: finds Deno, or installs it into .deno/, and runs lib/workbench/cli/main.ts with it.
# Usage: ./maelstrom.sh help
set -eu

VERSION=2.9.6 # the version to install, which find_platform pins
OLDEST="2 5"  # the oldest version that works: major, minor

say() { echo "maelstrom.sh: $*" >&2; }

# Sets the names of this platform in npm's packages and in Deno's releases, and the SHA-256 of its executable. The
# executable is the same in both: Deno makes the package from the release. For another version, run for each package:
#   npm pack @deno/PACKAGE@VERSION && tar -xzOf deno-PACKAGE-VERSION.tgz package/deno | sha256sum
find_platform() {
  case $(uname -sm) in
    "Linux x86_64") package=linux-x64-glibc release=x86_64-unknown-linux-gnu
      sha256=bceb5b6a6239b0b010418406d8c77a508f67cf4337d94288f1c19fe71304aab0 ;;
    "Linux aarch64") package=linux-arm64-glibc release=aarch64-unknown-linux-gnu
      sha256=d08d392418df53f4e6e88a08909c0e1bccbf9adcead7232df72b6ad6075ec416 ;;
    "Darwin x86_64") package=darwin-x64 release=x86_64-apple-darwin
      sha256=ec9fbd8e8f5f6ca5ceb0ebe4a564636f2c698bf60e3187460ded400cc0147fd5 ;;
    "Darwin arm64") package=darwin-arm64 release=aarch64-apple-darwin
      sha256=b3ac3bd206e48c26026cadd80c1367e96c149f9c66130952382a642b09fa8a71 ;;
    *) give_up "there is none for $(uname -sm)" ;;
  esac
}

# Ends with the reason why Deno cannot be installed.
give_up() {
  say "cannot install Deno $VERSION: $1; or install Deno ${OLDEST/ /.} or newer from https://deno.com"
  exit 255
}

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
  find_platform
  if command -v npm >/dev/null; then how=npm
  elif command -v curl >/dev/null; then how=curl
  else give_up "expected npm or curl"
  fi
  say "installing Deno $VERSION into $root/.deno by $how, once"
  mkdir -p "$root/.deno"
  # Remove what installations that were cut short have left.
  find "$root/.deno" -maxdepth 1 -name 'installing.*' -mmin +60 -exec rm -rf {} +
  incoming=$(mktemp -d "$root/.deno/installing.XXXXXX")
  trap 'rm -rf "$incoming"' EXIT
  if ! (cd "$incoming" && "install_by_$how") >"$incoming/log" 2>&1 </dev/null; then
    cat "$incoming/log" >&2
    give_up "see above"
  fi
  check_sum "$incoming/deno"
  chmod +x "$incoming/deno"
  if ! usable "$incoming/deno"; then
    "$incoming/deno" --version >&2 </dev/null || true
    give_up "it does not run here"
  fi
  mv -f "$incoming/deno" "$root/.deno/deno"
  deno=$root/.deno/deno
  rm -rf "$incoming"
  trap - EXIT
}

# The package contains the executable, and needs no install script.
install_by_npm() {
  echo '{"private":true}' >package.json
  npm install --no-audit --no-fund --ignore-scripts "@deno/$package@$VERSION" &&
    mv "node_modules/@deno/$package/deno" deno
}

install_by_curl() {
  curl --proto '=https' -fsSL -o deno.zip \
    "https://github.com/denoland/deno/releases/download/v$VERSION/deno-$release.zip" &&
    { unzip -q deno.zip deno || python3 -m zipfile -e deno.zip .; }
}

# Refuses a file whose SHA-256 is not the pinned one.
check_sum() {
  local actual
  if command -v sha256sum >/dev/null; then actual=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then actual=$(shasum -a 256 <"$1")
  else give_up "expected sha256sum or shasum, to check it"
  fi
  [ "${actual%% *}" = "$sha256" ] ||
    give_up "what was fetched has SHA-256 ${actual%% *}, expected $sha256; it is damaged, or not the released Deno"
}

# Sets $host to the address that serve listens on, as Deno's permissions have it.
find_host() {
  local word before=''
  host=127.0.0.1
  for word in "$@"; do
    case $before in --host) host=$word ;; esac
    case $word in --host=*) host=${word#--host=} ;; esac
    before=$word
  done
  case $host in
    '' | *[!A-Za-z0-9.:_-]*) host=127.0.0.1 ;; # serve says what is wrong with it
    *:*) host="[$host]" ;;
  esac
}

# Sets $permissions to the least that a command needs. Only processes under test need more than files.
choose_permissions() {
  local word before=''
  permissions=(--allow-env=NO_COLOR,TERM)
  case ${1:-help} in
    help | --help | -h | --version | list | doc | completions) return ;;
    check | analyze | trace) permissions+=(--allow-read) ;;
    prune | report | compare) permissions+=(--allow-read --allow-write) ;;
    serve)
      find_host "$@"
      permissions+=(--allow-read "--allow-net=$host")
      ;;
    swarm)
      permissions+=(--allow-read --allow-write)
      for word in "$@"; do
        case $word in
          --coordinator* | --worker*)
            # Logins and certificates have no place on a command line.
            permissions[0]+=,NATS_URL,NATS_CREDS,NATS_CA,NATS_CERT,NATS_KEY
            permissions+=(--allow-net --allow-sys=hostname)
            break
            ;;
        esac
      done
      ;;
    new) permissions+=(--allow-read --allow-write --allow-run=git) ;;
    # Its tests are processes with permissions of their own.
    grade) permissions=(--allow-env --allow-read --allow-write --allow-run) ;;
    install) permissions+=(--allow-read --allow-write --allow-run --allow-net) ;;
    up) permissions=(--allow-env --allow-read --allow-write --allow-run --allow-net) ;;
    down | status) permissions+=(--allow-read --allow-write --allow-net) ;;
    *)
      # Nodes get some of the environment, and what --env names, and a lower priority.
      permissions=(--allow-env --allow-read --allow-write --allow-run --allow-sys=getPriority,setPriority)
      for word in "$@"; do
        case $before$word in
          --enginecluster | *--engine=cluster) permissions+=(--allow-net) ;;
        esac
        before=$word
        case $word in
          --) return 0 ;;
          --sim | --sim=true) permissions=(--allow-env=NO_COLOR,TERM --allow-read --allow-write) ;;
        esac
      done
      ;;
  esac
}

# Prints a path as a file: URL.
url() { printf 'file://%s' "$1" | sed 's/%/%25/g; s/ /%20/g; s/#/%23/g; s/?/%3F/g; s/"/%22/g; s/\\/%5C/g'; }

# Prints the folder of a module's own deno.json; nothing if it has none, or ours.
project_of() {
  local folder
  folder=$(cd "$(dirname "$1")" 2>/dev/null && pwd -P) || return 0
  while [ ! -f "$folder/deno.json" ] && [ ! -f "$folder/deno.jsonc" ]; do
    [ "$folder" != / ] || return 0
    folder=$(dirname "$folder")
  done
  [ "$folder" = "$root" ] || echo "$folder"
}

# Sets $cache to a folder for configurations: .deno/, or one in the user's cache if the project cannot be written.
find_cache() {
  for cache in "$root/.deno" "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/gossip-glomers"; do
    if mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ]; then return; fi
  done
  say "cannot simulate a program of another project: expected to write a configuration to $root/.deno or $cache"
  exit 255
}

# Sets $config to the options that say where Deno finds its configuration. A simulation, or a swarm of them, imports the
# module that --bin names. If that has a deno.json of its own, both projects are linked, so that each import map holds in
# its project.
find_config() {
  local word before='' bin='' simulated='' folder='' file
  [ "${1:-}" != swarm ] || simulated=yes
  config=(--config "$root/deno.json")
  for word in "$@"; do
    case $before in --bin) bin=$word ;; esac
    case $word in
      --bin=*) bin=${word#--bin=} ;;
      --sim | --sim=true) simulated=yes ;;
      --) break ;;
    esac
    before=$word
  done
  [ -z "$simulated" ] || [ -z "$bin" ] || folder=$(project_of "$bin")
  [ -n "$folder" ] || return 0
  find_cache
  file=$cache/linked-$(printf %s "$root $folder" | cksum | cut -d ' ' -f 1).json
  printf '{ "links": ["%s/", "%s/"], "unstable": ["raw-imports"] }\n' "$(url "$root")" "$(url "$folder")" >"$file.$$"
  mv -f "$file.$$" "$file"
  config=(--config "$file" --no-lock)
  check_config "$folder"
}

# Ends with the reason if Deno cannot use the configuration: it would end with 1, the status of a test that has failed.
check_config() {
  local text
  if text=$(NO_COLOR=1 "$deno" eval "${config[@]}" '' 2>&1 </dev/null); then return; fi
  text=$(printf '%s\n' "$text" | sed '/^Stack backtrace/,$d; s/^ *[0-9]*:* *//; /^$/d')
  say "cannot use the deno.json of $1: ${text##*$'\n'}"
  exit 255
}

find_root
find_deno || install_deno

case $deno in /*) ;; *) deno=$PWD/$deno ;; esac
export DENO="$deno" # absolute: nodes run in another folder
export DENO_NO_UPDATE_CHECK=1
# Companies often add certificates of their own to the system's.
export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-mozilla,system}"

if [ "${1:-}" = deno ]; then
  shift
  exec "$deno" "$@"
fi
choose_permissions "$@"
find_config "$@"
exec "$deno" run --quiet --no-prompt "${permissions[@]}" "${config[@]}" "$root/lib/workbench/cli/main.ts" "$@"
