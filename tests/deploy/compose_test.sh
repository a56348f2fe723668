#!/usr/bin/env bash
# Brings docker-compose.yml up in a real engine (all but Grafana, whose image is not built here), runs psql through the
# gateway, looks at Prometheus and Alertmanager, then stops, kills and cuts off each service and measures how long clients
# feel it. Last the profile all-in-one.
# usage: tests/deploy/compose_test.sh      (after make build; skips with 77 as engine.sh says)
set -euo pipefail
cd "$(dirname "$0")/../.."
export COMPOSE_PROJECT_NAME=adbmstest ADBMS_PASSWORD=compose-test
. tests/deploy/engine.sh
finish() {
  status=$?
  [ "$status" -eq 0 ] || docker-compose logs --tail 20 2> /dev/null || true
  docker-compose --profile all-in-one down --volumes --timeout 30 > /dev/null 2>&1 || true
  engine_stop
  exit "$status"
}
trap finish EXIT
engine_start

echo '== start'
services=(storage security optimizer tuner indexer orchestrator gateway)
docker-compose up -d --no-build "${services[@]}" prometheus alertmanager

export PGPASSWORD=$ADBMS_PASSWORD
sql() { psql -h 127.0.0.1 -p 5433 -U adbms -d adbms -v ON_ERROR_STOP=1 -qAtc "$1"; }
wait_for 60 'the gateway' sql 'select 1'

echo '== psql through the gateway'
sql 'create table parcels(id int primary key, city text)'
sql "insert into parcels select g, 'city ' || g % 10 from generate_series(1, 1000) g"
[ "$(sql "select count(*) from parcels where city = 'city 3'")" = 100 ]
! PGPASSWORD=wrong psql -h 127.0.0.1 -p 5433 -U adbms -d adbms -c 'select 1' 2> /dev/null

echo '== confined'
for service in "${services[@]}"; do
  container=$(docker-compose ps -q "$service")
  [ "$(docker exec "$container" id -u)" = 10001 ]
  ! docker exec "$container" touch /usr/local/bin/x 2> /dev/null
  healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$container")" = healthy ]; }
  wait_for 60 "$service to be healthy" healthy
done

echo '== storage restarts and keeps its rows'
docker-compose restart -t 30 storage > /dev/null 2>&1
wait_for 60 'storage to come back' sql 'select count(*) from parcels'
[ "$(sql 'select count(*) from parcels')" = 1000 ]

echo '== prometheus sees all seven, has its rules and tells alertmanager'
query() { curl -s "127.0.0.1:9090/api/v1/$1" | python3 -c "import json,sys; data=json.load(sys.stdin)['data']; print($2)"; }
seven_up() { [ "$(query 'query?query=sum(up%7Bjob%3D%22adbms%22%7D)' "data['result'][0]['value'][1]")" = 7 ]; }
rules_hold() { [ "$(query rules "all(r['health'] == 'ok' for g in data['groups'] for r in g['rules'])")" = True ]; }
one_alertmanager() { [ "$(query alertmanagers "len(data['activeAlertmanagers'])")" = 1 ]; }
wait_for 60 'seven targets in Prometheus' seven_up
wait_for 60 'the rules' rules_hold
wait_for 60 'Alertmanager' one_alertmanager
[ "$(curl -s -o /dev/null -w '%{http_code}' 127.0.0.1:9093/-/ready)" = 200 ]
[ "$(curl -s -o /dev/null -w '%{http_code}' 127.0.0.1:8433/metrics)" = 401 ]

echo '== failures'
/usr/bin/python3 tests/deploy/failure_drill.py "${services[@]}"

echo '== all in one'
docker-compose down --timeout 30 > /dev/null 2>&1
docker-compose --profile all-in-one up -d --no-build all-in-one
wait_for 60 'all in one' sql 'select 1'
[ "$(sql 'select 40 + 2')" = 42 ]
echo 'compose test passed'
