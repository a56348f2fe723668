"""What the tests of deploy/ share: where it is, its tools, its golden list of metrics."""
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = DEPLOY / "grafana" / "dashboards"
NODE_MODULES = DEPLOY / "node_modules"

sys.path.insert(0, str(ROOT / "tests" / "integration"))


def skip(reason):
    """Ends the test as skipped (CTest's SKIP_RETURN_CODE), and says why."""
    print(f"skipped: {reason}", flush=True)
    raise SystemExit(77)


def require_program(*names):
    for name in names:
        if shutil.which(name) is None:
            skip(f"{name} is not installed")


def require_node_packages():
    require_program("node")
    if not (NODE_MODULES / ".installed").exists():
        skip("the npm packages of deploy/ are not installed (tools/install_node_packages.sh)")


def compile_typescript(project="tsconfig.json"):
    """Type-checks, and writes deploy/build unless the project says otherwise."""
    return subprocess.run([str(NODE_MODULES / ".bin" / "tsc"), "-p", str(DEPLOY / project)],
                          text=True, capture_output=True)


def golden_metrics():
    """Name -> (type, labels) of deploy/prometheus/metrics.txt."""
    metrics = {}
    for line in (DEPLOY / "prometheus" / "metrics.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, labels, _ = line.split()
            metrics[name] = (kind, set(labels.split(",")))
    return metrics


def family(name):
    """The metric that a sample's name belongs to."""
    for suffix in ("_bucket", "_sum", "_count"):
        stem = name.removesuffix(suffix)
        if stem != name and golden_metrics().get(stem, ("",))[0] == "histogram":
            return stem
    return name


def rules():
    """(group, rule) of every rule."""
    return [(group["name"], rule) for path in RULES
            for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


SELECTOR = re.compile(r'([a-zA-Z_:][\w:]*)?(\{[^{}]*\})')
NAME = re.compile(r'(?<![\w:"~])((?:adbms_|job[\w]*:adbms_)[\w:]*|up|scrape_duration_seconds|ALERTS)\b(?!["(])')


def selectors(expression):
    """The instant selectors of a PromQL expression: metric, with its braces where it has them."""
    found = []
    rest = expression
    for match in SELECTOR.finditer(expression):
        found.append((match[1] or "") + match[2])
        rest = rest.replace(match[0], " ")
    return found + NAME.findall(rest)
