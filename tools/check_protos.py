#!/usr/bin/env python3
"""Rules for our protos (what is in proto/grpc is fixed by gRPC): package and path agree, everything is commented,
enums start with _UNSPECIFIED = 0 and carry their name as a prefix, names are in the usual case, field numbers are
unique, every method says who may call it."""
import glob
import re
import sys

ITEM = re.compile(
    r'^(?:message|enum|service|rpc|extend)\b|^(?:repeated |optional )?[\w.]+ \w+ = \d+|^[A-Z][A-Z0-9_]* = \d+')


def snake(name):
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).upper()


def check(path):
    problems = []
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    package = next((line.split()[1].rstrip(';') for line in lines if line.startswith('package ')), '')
    if path != 'proto/' + package.replace('.', '/') + '/' + path.split('/')[-1]:
        problems.append(f'{path}: package {package} does not match the path')
    if not lines[0].startswith('//'):
        problems.append(f'{path}: the file has no comment')
    stack = []
    previous = ''
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        where = f'{path}:{number}'
        if ITEM.match(line) and not line.startswith('extend') and not previous.startswith('//'):
            problems.append(f'{where}: no comment: {line}')
        block = re.match(r'(message|enum|service|oneof|extend)\s+([\w.]+)\s*\{', line)
        if block and not line.endswith('}'):
            stack.append((block.group(1), block.group(2), {}))
            if block.group(1) in ('message', 'enum') and not re.match(r'[A-Z][A-Za-z0-9]*$', block.group(2)):
                problems.append(f'{where}: {block.group(2)} is not CamelCase')
        if re.match(r'rpc\b', line) and not any('(adbms.common.v1.access)' in next_line
                                               for next_line in lines[number:number + 2]):
            problems.append(f'{where}: nothing says who may call it (option (adbms.common.v1.access))')
        value = re.match(r'([A-Z][A-Z0-9_]*) = (\d+)', line)
        if value and stack and stack[-1][0] == 'enum':
            prefix = snake(stack[-1][1])
            if not value.group(1).startswith(prefix + '_'):
                problems.append(f'{where}: {value.group(1)} lacks the prefix {prefix}_')
            if (value.group(2) == '0') != value.group(1).endswith('_UNSPECIFIED'):
                problems.append(f'{where}: zero is {prefix}_UNSPECIFIED and nothing else is')
        field = re.match(r'(?:repeated |optional )?[\w.]+ (\w+) = (\d+)', line)
        if field and stack and stack[-1][0] in ('message', 'oneof'):
            if not re.match(r'[a-z][a-z0-9_]*$', field.group(1)):
                problems.append(f'{where}: field {field.group(1)} is not snake_case')
            message = next(entry for entry in reversed(stack) if entry[0] == 'message')
            if field.group(2) in message[2]:
                problems.append(f'{where}: number {field.group(2)} is used twice in {message[1]}')
            message[2][field.group(2)] = field.group(1)
        if line.startswith('}') and stack:
            stack.pop()
        if line:
            previous = line
    return problems


def main():
    problems = []
    for path in sorted(glob.glob('proto/adbms/**/*.proto', recursive=True)):
        problems += check(path)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
