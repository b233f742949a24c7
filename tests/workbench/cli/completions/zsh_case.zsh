# Prints what zsh completes: zsh -f zsh_case.zsh SCRIPT LINE. Completion needs a terminal, which zpty provides.
zmodload zsh/zpty
export SCRIPT=$1 TERM=dumb
zpty shell zsh -f -i
# Reads until a text appears, for ten seconds at most.
expect() {
  local line
  got=
  repeat 500; do
    zpty -r -t shell line 2>/dev/null && got+=$line
    [[ $got != *$1* ]] || return 0
    sleep 0.02
  done
  print -u 2 -r -- "There was no $1 in: $got"
  exit 1
}
zpty -w shell "source ${0:h}/zsh_setup.zsh"
expect '<ready>'
zpty -n -w shell "$2"$'\t'
expect '<finished>'
print -r -- $got | grep -o '<[^<>]*>' | sed 's/[<>]//g' | grep -vx finished
