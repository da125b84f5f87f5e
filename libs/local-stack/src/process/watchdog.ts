/**
 * A POSIX shell script that outlives the process that started it for as long as there is something to end. On its
 * standard input it reads `+ <process group> <signal>` and `- <process group>`. The end of the input means that every
 * holder of the other end is gone, however that came about (SIGKILL included); it then ends the groups that are left.
 */
export const WATCHDOG_SCRIPT = `
trap '' INT TERM HUP QUIT
groups=""
while read -r op group signal; do
  case "$op" in
    +) groups="$groups $group:$signal" ;;
    -) rest=""
       for entry in $groups; do [ "\${entry%%:*}" = "$group" ] || rest="$rest $entry"; done
       groups="$rest" ;;
  esac
done
for entry in $groups; do kill -s "\${entry##*:}" -- "-\${entry%%:*}" 2>/dev/null; done
tries=0
while [ "$tries" -lt 50 ]; do
  alive=""
  for entry in $groups; do
    if kill -s 0 -- "-\${entry%%:*}" 2>/dev/null; then alive="$alive $entry"; fi
  done
  [ -n "$alive" ] || exit 0
  groups="$alive"
  tries=$((tries + 1))
  sleep 0.1
done
for entry in $groups; do kill -s KILL -- "-\${entry%%:*}" 2>/dev/null; done
`;

/**
 * Registers itself with the watchdog on descriptor 3 and then becomes the command. It registers before the command
 * exists and holds the pipe until then, so there is no moment at which a command runs unguarded.
 */
export const LAUNCH_SCRIPT = `printf '+ %s %s\\n' "$$" "$1" >&3; shift; exec "$@" 3>&-`;
