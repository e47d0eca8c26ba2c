#!/usr/bin/env bash
# Writes and reads on both databases in one run, with pgbench inserting the same row beside them.
# usage: test/bench/db.sh [ROWS]     (durable: fsync is on for both)
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
echo "SQLite"
build/release/test/bench/bench_db "$folder/data" "$rows"
echo "PostgreSQL, socket"
build/release/test/bench/bench_db "$LINLI_TEST_SOCKET&schema=bench" "$rows"
cat >"$folder/insert.sql" <<'SQL'
\set n random(1, 1000000)
INSERT INTO bench.bench (n, area, text) VALUES (:n, :n % 100, '楼道灯坏了一个星期，晚上看不见台阶，已经有老人摔倒，请尽快派人来看一看。单元门口的垃圾桶也满了。The light is out.');
SQL
for clients in 1 16; do
  rate=$("$LINLI_TEST_PGBIN/pgbench" -n -M prepared -c "$clients" -j 2 -T 8 -f "$folder/insert.sql" "$LINLI_TEST_SOCKET" 2>/dev/null | sed -n 's/^tps = \([0-9]*\).*/\1/p')
  printf '%-44s %10s /s\n' "pgbench, the same row, $clients connections" "$rate"
done
