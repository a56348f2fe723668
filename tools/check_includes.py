#!/usr/bin/env python3
"""The house's include rules.

A service includes another's api/ and nothing else of it; common/ knows no service; folders of domain code
include no gRPC; a third-party library is known to the folders that wrap it alone.
"""
import re
import subprocess
import sys

INCLUDE = re.compile(r'#include\s+[<"]([^>"]+)[>"]')
GRPC_HOMES = re.compile(
    r'^(common/rpc/|services/[a-z]+/api/|services/gateway/grpc/|services/adbmsd/|clients/)')
TEST = re.compile(r'(_test|_itest|_fuzzer|_benchmark|_fixture)\.(cc|h)$|/testing/')
LIBRARIES = {
    re.compile(r'^rocksdb/'): re.compile(r'^services/storage/engine/'),
    re.compile(r'^pg_query'): re.compile(r'^common/sql/'),
    re.compile(r'^xgboost/'): re.compile(r'^common/ml/'),
    re.compile(r'^yaml-cpp/'): re.compile(r'^common/config/'),
    re.compile(r'^libstemmer'): re.compile(r'^common/text_search/'),
    re.compile(r'^gmp\.h'): re.compile(r'^common/types/'),
    re.compile(r'^httplib\.h'): re.compile(r'^services/gateway/(http|console)/'),
    re.compile(r'^openssl/(ssl|x509|x509v3|pem)\.h'): re.compile(r'^common/tls/'),
}


def main():
    files = subprocess.run(['git', 'ls-files', '*.cc', '*.h'], check=True, capture_output=True,
                           text=True).stdout.split()
    problems = []
    for name in files:
        own = re.match(r'services/([a-z]+)/', name)
        with open(name, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                path = found.group(1)
                where = f'{name}:{number}: {path}'
                other = re.match(r'services/([a-z]+)/([a-z_]+)', path)
                if other and name.startswith('common/') and not TEST.search(name):
                    problems.append(f'{where}: common/ knows no service')
                composes = name.startswith(('services/adbmsd/', 'tests/'))
                if other and own and not composes:
                    foreign = other.group(1) != own.group(1)
                    if foreign and other.group(2) != 'api' and not TEST.search(name):
                        problems.append(f'{where}: past another service\'s front door')
                grpc = path.startswith('grpcpp/') or path.endswith('.grpc.pb.h')
                if grpc and not GRPC_HOMES.match(name) and not TEST.search(name):
                    problems.append(f'{where}: gRPC in domain code')
                for library, home in LIBRARIES.items():
                    if library.match(path) and not home.match(name):
                        problems.append(f'{where}: only {home.pattern} may know this library')
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
