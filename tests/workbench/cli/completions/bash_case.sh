# Prints what bash completes: bash bash_case.sh SCRIPT WORD…; the last word is the one that Tab is pressed after.
# As readline does, `=` is a word of its own.
source "$1"
shift
COMP_WORDS=()
for word; do
  case $word in
    --*=*) COMP_WORDS+=("${word%%=*}" = "${word#*=}") ;;
    *) COMP_WORDS+=("$word") ;;
  esac
done
last=${COMP_WORDS[${#COMP_WORDS[@]} - 1]}
[ -n "$last" ] || [ "${COMP_WORDS[${#COMP_WORDS[@]} - 2]}" != = ] || unset "COMP_WORDS[${#COMP_WORDS[@]} - 1]"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_maelstrom_sh
printf '%s\n' "${COMPREPLY[@]}"
