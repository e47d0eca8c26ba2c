#!/usr/bin/env bash
# Tests high availability: three PostgreSQL servers under Patroni with etcd on loopback ports. The
# primary is killed under load, and a ledger records what was acknowledged. Needs the Debian
# packages patroni, etcd-server and postgresql; exit code 77: skipped.
# usage: test/fault/patroni.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
for program in patroni etcd node; do
  command -v "$program" >/dev/null && continue
  echo "$program is not installed: apt-get install patroni etcd-server python3-etcd"
  exit 77
done
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  echo "PostgreSQL is not installed"
  exit 77
fi
ROUNDS=${1:-3} exec node --test test/fault/patroni.mjs
