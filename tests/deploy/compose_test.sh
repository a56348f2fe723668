#!/usr/bin/env bash
# Brings docker-compose.yml up in a real engine, runs psql through the gateway, looks at Prometheus, takes it down.
# Skips (exit 77) where no engine is to be had: not root, or docker.io, docker-compose or debootstrap missing.
# usage: tests/deploy/compose_test.sh      (after make build)
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in dockerd docker docker-compose debootstrap psql curl; do
  command -v "$tool" > /dev/null || { echo "skipped: no $tool"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo 'skipped: not root'; exit 77; }
[ -x build/release/bin/adbmsd ] || { echo 'run make build first' >&2; exit 1; }

work=$(mktemp -d)
export DOCKER_HOST=unix://$work/docker.sock COMPOSE_PROJECT_NAME=adbmstest ADBMS_PASSWORD=compose-test
export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
engine=
finish() {
  status=$?
  [ "$status" -eq 0 ] || docker-compose logs --tail 20 2> /dev/null || true
  docker-compose down --volumes --timeout 30 > /dev/null 2>&1 || true
  [ -z "$engine" ] || { kill "$engine" 2> /dev/null; wait "$engine" 2> /dev/null; } || true
  rm -rf "$work" 2> /dev/null || true
  exit "$status"
}
trap finish EXIT

wait_for() {  # seconds, what, command…
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { echo "gave up waiting for $what" >&2; return 1; }
    read -rt 0.2 <> <(:) || true
  done
}

echo '== engine'
dockerd --data-root "$work/data" --exec-root "$work/exec" -p "$work/pid" -H "$DOCKER_HOST" \
  > "$work/dockerd.log" 2>&1 &
engine=$!
wait_for 30 'the docker engine' docker info

echo '== base image'
base=${ADBMS_BASE_IMAGE_TAR:-/var/cache/adbms-bookworm.tar}
if [ ! -f "$base" ]; then
  debootstrap --variant=minbase bookworm "$work/root" > "$work/debootstrap.log"
  tar -C "$work/root" -cf "$base" .
  rm -rf "$work/root"
fi
docker import "$base" debian:bookworm-slim > /dev/null

echo '== build and start'
docker build --network host -q -t adbms:latest -f deploy/docker/Dockerfile . > /dev/null
docker build --network host -q -t adbms-prometheus:latest -f deploy/docker/prometheus.Dockerfile . > /dev/null
docker-compose up -d --no-build

export PGPASSWORD=$ADBMS_PASSWORD
sql() { psql -h 127.0.0.1 -p 5433 -U adbms -d adbms -v ON_ERROR_STOP=1 -qAtc "$1"; }
wait_for 60 'the gateway' sql 'select 1'

echo '== psql through the gateway'
sql 'create table parcels(id int primary key, city text)'
sql "insert into parcels select g, 'city ' || g % 10 from generate_series(1, 1000) g"
[ "$(sql "select count(*) from parcels where city = 'city 3'")" = 100 ]
! PGPASSWORD=wrong psql -h 127.0.0.1 -p 5433 -U adbms -d adbms -c 'select 1' 2> /dev/null

echo '== storage restarts and keeps its rows'
docker-compose restart -t 30 storage > /dev/null 2>&1
wait_for 60 'storage to come back' sql 'select count(*) from parcels'
[ "$(sql 'select count(*) from parcels')" = 1000 ]

echo '== prometheus sees all seven'
seven_up() {
  [ "$(curl -sG 127.0.0.1:9090/api/v1/query --data-urlencode 'query=sum(up{job="adbms"})' |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["data"]["result"][0]["value"][1])')" = 7 ]
}
wait_for 60 'seven targets in Prometheus' seven_up
[ "$(curl -s -o /dev/null -w '%{http_code}' 127.0.0.1:8433/metrics)" = 401 ]
echo 'compose test passed'
