# Prepares a zsh to print what it would complete, between < and >, instead of showing it.
PROMPT=
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' insert-tab false
source $SCRIPT
compadd() {
  # Calls that only fill arrays.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  for hit in $hits; do print -r -- "<$hit>"; done
}
finish() { print '<finished>'; exit; }
comppostfuncs=(finish)
bindkey '^I' complete-word
print '<ready>'
