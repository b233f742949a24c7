#!/bin/sh
# Answers `init` and `echo`: see docs/protocol.md. It reads the JSON with sed: good enough for this workload only.
field() {
  printf '%s\n' "$line" | sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'
}
while IFS= read -r line; do
  case $line in
    *'"type":"echo"'*) reply='"type":"echo_ok","echo":"'$(field echo)'"' ;;
    *) reply='"type":"init_ok"' ;;
  esac
  printf '{"src":"%s","dest":"%s","body":{%s,"in_reply_to":%s}}\n' \
    "$(field dest)" "$(field src)" "$reply" "$(field msg_id)"
done
