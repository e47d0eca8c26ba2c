#!/usr/bin/env bash
# High availability tried: three PostgreSQL under Patroni with etcd on loopback ports, the primary killed under load,
# and a ledger of what was acknowledged. Needs the Debian packages patroni, etcd-server and postgresql; 77: skipped.
# usage: test/fault/patroni.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
for program in patroni etcd node; do
  command -v "$program" >/dev/null || { echo "$program is not installed: apt-get install patroni etcd-server python3-etcd"; exit 77; }
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "PostgreSQL is not installed"; exit 77; }
ROUNDS=${1:-3} exec node --test test/fault/patroni.mjs
