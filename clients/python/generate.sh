#!/usr/bin/env bash
# Makes src/adbms/{common,gateway,module,orchestrator}/v1/*_pb2.py from the contract, into DIRECTORY in place of src where one is given.
# What it makes is kept in the repository, so that installing needs no protoc; a test sees that it is current.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-src}
protoc -I../../proto --python_out="$out" \
  adbms/common/v1/access.proto adbms/common/v1/workload.proto adbms/gateway/v1/gateway.proto \
  adbms/module/v1/module.proto adbms/orchestrator/v1/orchestrator.proto
