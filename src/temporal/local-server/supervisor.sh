# Runs one program and stops it when standard input closes, which happens whenever the parent process ends.
# usage: sh -c "$(cat supervisor.sh)" NAME LOGFILE STOP_TIMEOUT_S FOLDER PROGRAM [ARGUMENT…]
# Standard output and error are the log. LOGFILE only tells others which program this is.
# A shell needs 2 MB where a Node process needs 40.

# Only the user of the program may read its logs and data, whatever umask this process was started with.
umask 077
stop_timeout=$2 folder=$3
shift 3
program=$1

refuse() {
  printf '%s cannot be started in %s: %s\n' "$program" "$folder" "$1"
  exit 127
}
cd -- "$folder" || refuse 'the folder is missing, or this user may not enter it'
command -v -- "$program" >/dev/null || refuse 'the program is missing, or this user may not execute it'

exec 3<&0
"$@" </dev/null 3<&- &
child=$!

(
  while read -r _; do :; done <&3
  # $! is the child until this shell starts another. SIGKILL, because a new process may not act on SIGTERM yet.
  trap '[ "$!" = "$child" ] || { kill -KILL "$!"; wait "$!"; }; exit' TERM
  kill -TERM "$child"
  sleep "$stop_timeout" &
  wait "$!" && kill -KILL "$child"
) 2>/dev/null &
watcher=$!
exec 3<&-

# Only the parent decides when this process ends. Handlers and not '', which the processes above would inherit; after
# them, because one that is new would have the handler too, and would not end.
trap : INT TERM HUP

# A signal to this process ends `wait` early.
while :; do
  wait "$child" 2>/dev/null
  code=$?
  kill -0 "$child" 2>/dev/null || break
done
kill -TERM "$watcher" 2>/dev/null
# Not left to process 1, which does not remove ended children in every container.
wait "$watcher" 2>/dev/null
[ "$code" -le 128 ] || printf '%s was ended by SIG%s\n' "$program" "$(kill -l "$code")"
exit "$code"
