#!/usr/bin/env bash
# Writes and reads on both databases in one run, with pgbench inserting the same row beside them.
# Then the program itself on both (durable: fsync is on for both). usage: test/bench/db.sh [ROWS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rows=${1:-50000}
if [ "${2:-}" != inside ]; then
  script/build
  ninja -C build/release --quiet test/bench/bench_db
  LINLI_TEST_FSYNC=on LINLI_TEST_BUFFERS=256MB exec test/postgres.sh "$0" "$rows" inside
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
beside() { # what a b: a as a part of b
  printf '%-52s %9s %%\n' "$1" "$(awk "BEGIN { printf \"%.0f\", 100 * $2 / $3 }")"
}
of() { # file what: a rate out of a list
  awk -v what="$2" 'index($0, what) == 1 { print $(NF - 1); exit }' "$1"
}
echo "SQLite"
build/release/test/bench/bench_db "$folder/data" "$rows" | tee "$folder/sqlite"
echo "PostgreSQL, socket"
build/release/test/bench/bench_db "$LINLI_TEST_SOCKET&schema=bench" "$rows" | tee "$folder/postgres"
echo "pgbench on the same table"
cat >"$folder/insert.sql" <<'SQL'
\set n random(1, 1000000)
INSERT INTO bench.bench (n, area, text) VALUES (:n, :n % 100, '楼道灯坏了一个星期，晚上看不见台阶，已经有老人摔倒，请尽快派人来看一看。单元门口的垃圾桶也满了。The light is out.');
SQL
{ # 100 rows a transaction, pipelined as ours are
  echo '\set n random(1, 1000000)'
  echo '\startpipeline'
  echo 'BEGIN;'
  for ((i = 0; i < 100; i++)); do sed -n 2p "$folder/insert.sql"; done
  echo 'COMMIT;'
  echo '\endpipeline'
} >"$folder/group.sql"
cat >"$folder/one.sql" <<SQL
\set id random(1, $rows)
SELECT n FROM bench.bench WHERE id = :id;
SQL
cat >"$folder/page.sql" <<'SQL'
\set area random(0, 99)
SELECT id, n, area, text FROM bench.bench WHERE area = :area ORDER BY id DESC LIMIT 50;
SQL
run() { # file clients what times
  local rate
  rate=$("$LINLI_TEST_PGBIN/pgbench" -n -M prepared -c "$2" -j "$(($2 < 2 ? 1 : 2))" \
    -T "${BENCH_SECONDS:-8}" -f "$folder/$1.sql" "$LINLI_TEST_SOCKET" 2>/dev/null |
    sed -n 's/^tps = \([0-9.]*\).*/\1/p' | awk -v t="${4:-1}" '{ printf "%.0f", $1 * t }')
  printf '%-44s %10s /s\n' "$3" "$rate" | tee -a "$folder/pgbench"
}
run one 1 "one row by its number, 1 connection"
run page 1 "a page of 50, 1 connection"
run insert 1 "rows written, 1 connection"
run insert 16 "rows written, 16 connections"
run group 1 "rows written, 1 connection, 100 in a pipeline" 100
echo "Ours on PostgreSQL beside pgbench"
for what in "1 connection, 100 in a pipeline" "16 connections" "1 connection"; do
  beside "rows written: of $what" \
    "$(of "$folder/postgres" "rows written, one a task")" \
    "$(of "$folder/pgbench" "rows written, $what")"
done
beside "one row by its number" "$(of "$folder/postgres" "one row by its number")" \
  "$(of "$folder/pgbench" "one row by its number")"
beside "a page of 50 (ours in a transaction)" \
  "$(of "$folder/postgres" "a page of 50")" "$(of "$folder/pgbench" "a page of 50")"
exec script/bench both # the program itself, over HTTP
