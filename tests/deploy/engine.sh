# A container engine of the test's own, with the images of deploy/docker in it. Sourced by the tests that run containers.
# Skips (exit 77) where no engine is to be had: not root, or docker.io, docker-compose, debootstrap or iptables missing.
# Sets: work, DOCKER_HOST. Functions: wait_for, engine_stop.

for tool in dockerd docker docker-compose debootstrap iptables psql curl; do
  command -v "$tool" > /dev/null || { echo "skipped: no $tool"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo 'skipped: not root'; exit 77; }
: "${ADBMS_BUILD:=build/release}"
[ -x "$ADBMS_BUILD/bin/adbmsd" ] || { echo 'run make build first' >&2; exit 1; }

work=$(mktemp -d)
export DOCKER_HOST=unix://$work/docker.sock DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
engine=

engine_stop() {
  [ -z "$engine" ] || { kill "$engine" 2> /dev/null; wait "$engine" 2> /dev/null; } || true
  rm -rf "$work" 2> /dev/null || true
}

wait_for() {  # seconds, what, command…
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { echo "gave up waiting for $what" >&2; return 1; }
    read -rt 0.2 <> <(:) || true
  done
}

engine_start() {
  echo '== engine'
  dockerd --data-root "$work/data" --exec-root "$work/exec" -p "$work/pid" -H "$DOCKER_HOST" \
    > "$work/dockerd.log" 2>&1 &
  engine=$!
  wait_for 60 'the docker engine' docker info

  echo '== base image'
  local base=${ADBMS_BASE_IMAGE_TAR:-/var/cache/adbms-bookworm.tar}
  if [ ! -f "$base" ]; then
    debootstrap --variant=minbase bookworm "$work/root" > "$work/debootstrap.log"
    tar -C "$work/root" -cf "$base.$$" .
    mv "$base.$$" "$base"
    rm -rf "$work/root"
  fi
  docker import "$base" debian:bookworm-slim > /dev/null

  echo '== images'
  # What the Dockerfiles copy, with the binaries of the build that is tested.
  local context=$work/context
  mkdir -p "$context/build/release/bin"
  cp -r deploy tools "$context"
  cp "$ADBMS_BUILD/bin/adbmsd" "$ADBMS_BUILD/bin/adbms" "$context/build/release/bin"
  rm -rf "$context/deploy/node_modules"
  docker build --network host -q -t adbms:latest --target prebuilt -f deploy/docker/Dockerfile "$context" > /dev/null
  docker build --network host -q -t adbms-prometheus:latest -f deploy/docker/prometheus.Dockerfile "$context" > /dev/null
}
