"""Dashboards: the JSON that is kept is what the code makes, and it is of Grafana's own types."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

from deploy_files import (DASHBOARDS, DEPLOY, compile_typescript, family, golden_metrics,
                          require_node_packages, rules, selectors)

NAMES = {"overview", "statements", "storage", "autonomy", "security", "services"}


class DashboardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        compiled = compile_typescript()
        assert compiled.returncode == 0, compiled.stdout
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_dashboards_"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)

    def run_node(self, script, *arguments):
        subprocess.run(["node", str(DEPLOY / "build" / "grafana" / "src" / script),
                        *map(str, arguments)], check=True)

    def judge(self, dashboards):
        """What the type checker says of the JSON files of a directory."""
        literals = DEPLOY / "build" / "literals"
        shutil.rmtree(literals, ignore_errors=True)
        self.run_node("literals.js", dashboards, literals)
        return compile_typescript("tsconfig.schema.json")

    def test_what_is_kept_is_what_the_code_makes(self):
        self.run_node("render.js", self.directory)
        rendered = {path.stem: path.read_text() for path in self.directory.glob("*.json")}
        kept = {path.stem: path.read_text() for path in DASHBOARDS.glob("*.json")}
        self.assertEqual(set(kept), NAMES)
        self.assertEqual(set(rendered), NAMES)
        for name in NAMES:
            self.assertEqual(kept[name], rendered[name],
                             f"{name}: run `npm run dashboards` in deploy/ and commit")

    def test_it_is_of_grafanas_types(self):
        judged = self.judge(DASHBOARDS)
        self.assertEqual(judged.returncode, 0, judged.stdout)

    def test_grafanas_types_refuse_what_is_not(self):
        good = (DASHBOARDS / "overview.json").read_text()
        for was, becomes in (('"showLegend": true', '"showLegends": true'),
                             ('"displayMode": "list"', '"displayMode": "lists"'),
                             ('"lineWidth": 1', '"lineWidth": "1"'),
                             ('"graphMode": "area"', '"graphNode": "area"'),
                             ('"schemaVersion": ', '"schemaVersions": '),
                             ('"legendFormat": "up"', '"legendsFormat": "up"')):
            with self.subTest(becomes):
                self.assertIn(was, good)
                broken = self.directory / "broken"
                broken.mkdir(exist_ok=True)
                (broken / "overview.json").write_text(good.replace(was, becomes, 1))
                self.assertNotEqual(self.judge(broken).returncode, 0)

    def test_expressions_ask_for_what_is_served(self):
        known = set(golden_metrics()) | {rule["record"] for _, rule in rules() if "record" in rule}
        known |= {"up", "ALERTS", "scrape_duration_seconds"}
        for path in DASHBOARDS.glob("*.json"):
            for panel in json.loads(path.read_text())["panels"]:
                for target in panel.get("targets", ()):
                    for selector in selectors(target["expr"]):
                        name = selector.partition("{")[0]
                        if name:  # Otherwise it is by __name__.
                            self.assertIn(family(name), known, f"{path.stem}: {panel['title']}")

    def test_provisioning_finds_the_dashboards(self):
        provisioning = DEPLOY / "grafana" / "provisioning"
        source, = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
            "datasources"]
        self.assertEqual((source["type"], source["isDefault"]), ("prometheus", True))
        provider, = yaml.safe_load((provisioning / "dashboards" / "adbms.yml").read_text())["providers"]
        self.assertEqual(provider["options"]["path"], "/etc/grafana/dashboards")


if __name__ == "__main__":
    require_node_packages()
    unittest.main()
