#!/usr/bin/env bash
# Installs the Debian 12 packages that building and testing need, or those named as arguments. Does nothing when all
# are there.
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache mold pkg-config git
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libprotoc-dev
  libabsl-dev librocksdb-dev prometheus-cpp-dev libxgboost-dev libpg-query-dev libprotobuf-c-dev
  libgtest-dev libgmock-dev libspdlog-dev libyaml-cpp-dev libssl-dev libre2-dev libpcre2-dev libstemmer-dev libgmp-dev libicu-dev libcpp-httplib-dev libjemalloc-dev
  libpq-dev clang-format clang-tidy
  zlib1g-dev postgresql-15 postgresql-contrib postgresql-client-15 chromium python3-psycopg2 python3-asyncpg python3-yaml python3-grpcio python3-protobuf prometheus
)
# Any npm will do: that of another source goes with its own nodejs.
command -v npm > /dev/null || packages+=(nodejs npm)
# Not beside a kubectl of another package, which owns the same file.
command -v kubectl > /dev/null || packages+=(kubernetes-client)
[ $# -eq 0 ] || packages=("$@")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

echo "installing ${#missing[@]} packages: ${missing[*]}"
if [ -n "${SUDO:-}" ] && ! command -v sudo > /dev/null; then
  echo 'run this as root, or install sudo' >&2
  exit 1
fi
${SUDO:-} apt-get update -q
${SUDO:-} env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
  "${missing[@]}"
