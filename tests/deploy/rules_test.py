"""Recording rules and alerts: promtool takes them, every alert fires when it should and only then, they ask
for nothing that is not served, and OPERATIONS.md says what to do about each."""
import re
import shutil
import subprocess
import unittest

import yaml

from deploy_files import (DEPLOY, ROOT, RULES, family, golden_metrics, require_program, rules,
                          selectors)

CASES = sorted((ROOT / "tests" / "deploy" / "rules").glob("*_test.yml"))
TARGET_LABELS = {"job", "instance", "le", "alertname", "alertstate", "__name__"}
RECORDED = re.compile(r"^(\w+):(adbms_\w+):(\w+)$")


class RulesTest(unittest.TestCase):
    def test_promtool_takes_the_rules(self):
        subprocess.run(["promtool", "check", "rules", *map(str, RULES)], check=True)
        subprocess.run(["promtool", "check", "config", "--syntax-only",
                        str(DEPLOY / "prometheus" / "prometheus.yml")], check=True)

    def test_alertmanager_knows_the_alerts(self):
        path = DEPLOY / "alertmanager" / "alertmanager.yml"
        # Not a package that is asked for: it would start a daemon. compose_test.sh runs it.
        if shutil.which("amtool"):
            subprocess.run(["amtool", "check-config", str(path)], check=True)
        config = yaml.safe_load(path.read_text())
        receivers = {one["name"] for one in config["receivers"]}
        used = {one["receiver"] for one in [config["route"], *config["route"]["routes"]]}
        self.assertEqual(used, receivers)
        names = [rule["alert"] for _, rule in rules() if "alert" in rule]
        for pattern in re.findall(r'alertname=~?"([^"]+)"', path.read_text()):
            for one in pattern.split("|"):
                self.assertTrue([name for name in names if re.fullmatch(one, name)], one)

    def test_alerts_fire_when_they_should_and_only_then(self):
        subprocess.run(["promtool", "test", "rules", *map(str, CASES)], check=True)

    def test_every_alert_has_a_case_that_fires_and_one_that_does_not(self):
        cases = {}
        for path in CASES:
            for test in yaml.safe_load(path.read_text())["tests"]:
                for case in test["alert_rule_test"]:
                    cases.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
        alerts = {rule["alert"] for _, rule in rules() if "alert" in rule}
        self.assertEqual({alert: {True, False} for alert in alerts}, cases)

    def test_names_and_labels_are_served(self):
        metrics = golden_metrics()
        recorded = {rule["record"]: rule for _, rule in rules() if "record" in rule}
        for _, rule in rules():
            name = rule.get("record", rule.get("alert"))
            found = selectors(rule["expr"])
            self.assertTrue(found, name)
            for selector in found:
                metric, _, braces = selector.partition("{")
                with self.subTest(rule=name, selector=selector):
                    labels = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)', braces))
                    if metric in recorded:
                        self.assertLessEqual(labels, set(RECORDED.match(metric)[1].split("_")) |
                                             {"sqlstate_class"} | TARGET_LABELS)
                        continue
                    if metric in ("up", ""):
                        continue
                    self.assertIn(family(metric), metrics)
                    self.assertLessEqual(labels, metrics[family(metric)][1] | TARGET_LABELS)

    def test_recorded_names_tell_level_metric_and_operation(self):
        for _, rule in rules():
            if "record" not in rule:
                continue
            with self.subTest(rule["record"]):
                self.assertRegex(rule["record"], RECORDED)
                level = RECORDED.match(rule["record"])[1]
                by = {"_".join(label.strip() for label in one.split(",") if label.strip() != "le")
                      for one in re.findall(r"sum by \(([^)]*)\)", rule["expr"])}
                self.assertEqual(by, {level})

    def test_every_alert_is_in_the_operations_guide(self):
        headings = set(re.findall(r"^#+ (Adbms\w+)$", (DEPLOY / "OPERATIONS.md").read_text(), re.M))
        alerts = set()
        for _, rule in rules():
            if "alert" in rule:
                alerts.add(rule["alert"])
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual(rule["annotations"]["runbook"],
                                 f"deploy/OPERATIONS.md#{rule['alert'].lower()}")
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])
        self.assertEqual(headings, alerts)


if __name__ == "__main__":
    require_program("promtool")
    unittest.main()
