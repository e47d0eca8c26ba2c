#!/usr/bin/env bash
# Runs commands against a PostgreSQL of their own.
#
#   test/postgres.sh COMMAND [ARGUMENT…]      one command
#   test/postgres.sh --each PROGRAM…          every program, one after the other; says which failed
#                                             (77: left out, as it says of itself)
#
# A new server listens on a free loopback port and a socket in a temporary
# folder, as a user without rights when root calls (PostgreSQL refuses root),
# and is gone afterwards. The commands find its address in LINLI_TEST_STORE.
# Without PostgreSQL on the machine it answers 77: skipped.
set -uo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
  echo "PostgreSQL is not installed: script/setup --test installs it"
  exit 77
fi
folder=$(mktemp -d /tmp/linli-pg-XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$folder"
  as=(runuser -u "$user" --)
fi
stop() {
  [ -f "$folder/data/postmaster.pid" ] &&
    (cd / && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1)
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

cd_run() { (cd / && "${as[@]}" "$@"); }
cd_run "$bin/initdb" -D "$folder/data" -U linli -A trust -E UTF8 --locale=C.UTF-8 -N \
  >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
started=
for try in 1 2 3 4 5; do
  port=$((20000 + (RANDOM * 32768 + RANDOM + $$) % 30000))
  cd_run "$bin/pg_ctl" -D "$folder/data" -w -t 30 -l "$folder/log" \
    -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=${LINLI_TEST_FSYNC:-off} \
    -c shared_buffers=${LINLI_TEST_BUFFERS:-32MB} -c max_connections=100 \
    -c log_min_messages=warning" start >/dev/null 2>&1 && started=1 && break
done
rm -f "$folder.log"
[ -n "$started" ] || { cat "$folder/log"; exit 1; }
cd_run "$bin/createdb" -h "$folder" -p "$port" -U linli linli || exit 1
export LINLI_TEST_STORE="postgresql://linli@127.0.0.1:$port/linli"
export LINLI_TEST_SOCKET="postgresql://linli@/linli?host=$folder&port=$port"
export LINLI_TEST_CLUSTER="$folder/data" LINLI_TEST_PGBIN="$bin"

if [ "${1:-}" != --each ]; then
  "$@"
  exit
fi
shift
failed=()
for program in "$@"; do
  echo "== $(basename "$program") on PostgreSQL"
  "$program"
  case $? in
    0) ;;
    77) echo "[  SKIPPED ] $(basename "$program")" ;;
    *) failed+=("$(basename "$program")") ;;
  esac
done
if [ ${#failed[@]} != 0 ]; then
  echo "failed on PostgreSQL: ${failed[*]}"
  tail -n 40 "$folder/log"
  exit 1
fi
