"""The Kubernetes manifests: of the API's types with nothing misspelled, and true to the daemon, to compose and to
each other."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from deploy_files import (DEPLOY, ROOT, compile_typescript, require_node_packages, require_program,
                          rules)
from manifests import COMPONENT, OVERLAYS, Manifests

ADBMSD = pathlib.Path(os.environ.get("ADBMS_BUILD", "build/release")).resolve() / "bin" / "adbmsd"
LITERALS = DEPLOY / "build" / "manifests"
USER = 10001  # Of the image.


def judge(text):
    """What the models and the type checker say of manifests."""
    shutil.rmtree(LITERALS, ignore_errors=True)
    script = DEPLOY / "build" / "kubernetes" / "check" / "literals.js"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as manifests:
        manifests.write(text)
        manifests.flush()
        judged = subprocess.run(["node", str(script), manifests.name, str(LITERALS)], text=True,
                                capture_output=True)
    return judged if judged.returncode != 0 else compile_typescript("tsconfig.manifests.json")


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        compiled = compile_typescript()
        assert compiled.returncode == 0, compiled.stdout

    def test_objects_are_of_the_apis_types(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                judged = judge(Manifests(overlay).text)
                self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
                self.assertGreaterEqual(len(list(LITERALS.glob("*.ts"))), 30)

    def test_what_is_misspelled_is_refused(self):
        good = Manifests("production").text
        for was, becomes in (("automountServiceAccountToken:", "automountServiceAccountTokens:"),
                             ("failureThreshold:", "failureTreshold:"),
                             ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: sometimes"),
                             ("runAsNonRoot:", "runAsNoneRoot:"),
                             ("publishNotReadyAddresses:", "publishUnreadyAddresses:"),
                             ("honorLabels:", "honourLabels:"),
                             ("stabilizationWindowSeconds: 600", "stabilizationWindowSeconds: long"),
                             ("podSelector: {}", "podSelectors: {}"),
                             ("minAvailable:", "minimumAvailable:"),
                             ("kind: PodDisruptionBudget", "kind: PodDisruptionBudgets")):
            with self.subTest(becomes):
                self.assertIn(was, good)
                self.assertNotEqual(judge(good.replace(was, becomes, 1)).returncode, 0)

    def test_the_operators_rules_are_those_of_prometheus(self):
        script = DEPLOY / "build" / "kubernetes" / "check" / "prometheus-rule.js"
        made = subprocess.run(["node", str(script), str(DEPLOY / "prometheus" / "rules")],
                              text=True, capture_output=True, check=True).stdout
        kept = DEPLOY / "kubernetes" / "monitoring" / "prometheus-rule.yaml"
        self.assertEqual(kept.read_text(), made, "run `npm run prometheus-rule` in deploy/")
        groups = yaml.safe_load(made)["spec"]["groups"]
        self.assertEqual([(group["name"], rule) for group in groups for rule in group["rules"]],
                         rules())


class TruthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.overlays = {overlay: Manifests(overlay) for overlay in OVERLAYS}
        cls.dev = cls.overlays["dev"]
        cls.production = cls.overlays["production"]

    def test_the_daemon_takes_every_flag_and_variable(self):
        reference = subprocess.run([str(ADBMSD), "--print-config-reference"], text=True, check=True,
                                   capture_output=True).stdout
        keys = set(re.findall(r"^\| `([\w.]+)` \|", reference, re.M))
        for name in self.dev.workloads():
            with self.subTest(name):
                environment = self.dev.environment(name)
                for variable in environment:
                    self.assertIn(variable.removeprefix("ADBMS_").replace("__", ".").lower(), keys)
                arguments = self.dev.container(name)["args"]
                self.assertEqual(arguments, [f"--target={name}"])
                resolved = subprocess.run([str(ADBMSD), *arguments, "--print-config"],
                                          env=environment, text=True, capture_output=True)
                self.assertEqual(resolved.returncode, 0, resolved.stderr)
                misspelled = subprocess.run([str(ADBMSD), *arguments, "--print-config"], text=True,
                                            env={**environment, "ADBMS_CLUSTER__STORAGES": "x"},
                                            capture_output=True)
                self.assertNotEqual(misspelled.returncode, 0)

    def test_nothing_else_puts_settings_into_the_environment(self):
        for overlay in self.overlays.values():
            for name in overlay.workloads():
                self.assertIs(overlay.pod(name)["spec"]["enableServiceLinks"], False, name)

    def test_services_and_images_are_those_of_compose(self):
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        ours = {name for name, one in compose.items()
                if one.get("image") == "adbms:latest" and not one.get("profiles")}
        self.assertEqual(set(self.dev.workloads()), ours)
        self.assertEqual(set(self.dev.of_kind("Service")), ours | {"storage-pods"})
        for name in ours:
            self.assertEqual(self.dev.container(name)["image"], compose[name]["image"])
            self.assertRegex(self.production.container(name)["image"], r"/adbms:[\d.]+$")
            self.assertEqual(compose[name]["command"], self.dev.container(name)["args"])

    def test_ports_are_those_that_the_daemon_listens_on(self):
        for name in self.dev.workloads():
            with self.subTest(name):
                container = self.dev.container(name)
                ports = {one["name"]: one["containerPort"] for one in container["ports"]}
                listening = {int(value.rsplit(":", 1)[1])
                             for key, value in self.dev.environment(name).items()
                             if key.endswith("LISTEN")}
                self.assertEqual(set(ports.values()), listening)
                service = self.dev.objects["Service", name]["spec"]
                self.assertEqual(service["selector"],
                                 {key: self.dev.pod(name)["metadata"]["labels"][key]
                                  for key in service["selector"]})
                self.assertEqual({one["targetPort"]: one["port"] for one in service["ports"]}, ports)
                for policy in self.dev.of_kind("NetworkPolicy").values():
                    if policy["metadata"]["name"] == name:
                        named = {port["port"] for rule in policy["spec"]["ingress"]
                                 for port in rule["ports"]}
                        self.assertLessEqual(named, set(ports))

    def test_addresses_are_services_with_that_port(self):
        for name in self.dev.workloads():
            for caller, called in self.dev.calls():
                if caller != name:
                    continue
                address = self.dev.environment(name)[f"ADBMS_CLUSTER__{called.upper()}"]
                host, port = address.split(":")
                self.assertEqual(host, called)
                self.assertIn(int(port), [one["port"] for one in
                                          self.dev.objects["Service", host]["spec"]["ports"]])

    def test_policies_are_the_graph_of_calls(self):
        for overlay in self.overlays.values():
            self.assertEqual(overlay.allowed("ingress"), overlay.calls())
            self.assertEqual(overlay.allowed("egress"), overlay.calls())
            default = overlay.objects["NetworkPolicy", "default-deny"]["spec"]
            self.assertEqual(default, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})

    def test_probes_ask_for_what_is_served(self):
        source = (ROOT / "services" / "gateway" / "http" / "http_server.cc").read_text()
        for name in self.dev.workloads():
            container = self.dev.container(name)
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                request = container[probe]["httpGet"]
                self.assertIn(f'"{request["path"]}"', source)
                self.assertIn(request["port"], [one["name"] for one in container["ports"]])

    def test_there_is_time_to_stop(self):
        source = (ROOT / "services" / "adbmsd" / "adbmsd_main.cc").read_text()
        stop = int(re.search(r"kStopSeconds = (\d+);", source)[1])
        for name in self.dev.workloads():
            pod = self.dev.pod(name)["spec"]
            command = self.dev.container(name)["lifecycle"]["preStop"]["exec"]["command"]
            self.assertEqual(command[0], "sleep")
            self.assertGreater(pod["terminationGracePeriodSeconds"], int(command[1]) + stop)

    def test_pods_may_do_nothing_that_they_need_not(self):
        for overlay in self.overlays.values():
            for name in overlay.workloads():
                pod = overlay.pod(name)["spec"]
                self.assertIs(pod["automountServiceAccountToken"], False)
                context = pod["securityContext"]
                self.assertEqual((context["runAsNonRoot"], context["runAsUser"], context["fsGroup"],
                                  context["seccompProfile"]), (True, USER, USER, {"type": "RuntimeDefault"}))
                self.assertEqual(overlay.container(name)["securityContext"],
                                 {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                  "capabilities": {"drop": ["ALL"]}})
                resources = overlay.container(name)["resources"]
                self.assertLessEqual({"cpu", "memory"}, set(resources["requests"]))
                self.assertIn("memory", resources["limits"])
        for line in (DEPLOY / "docker" / "Dockerfile").read_text().splitlines():
            if "useradd" in line:
                self.assertIn(f"--uid {USER}", line)
        namespace = self.dev.objects["Namespace", "adbms"]["metadata"]["labels"]
        self.assertEqual(namespace["pod-security.kubernetes.io/enforce"], "restricted")

    def test_secrets_are_where_they_are_looked_for(self):
        secret = self.dev.objects["Secret", "adbms"]
        self.assertFalse(self.production.of_kind("Secret"), "a secret in the repository")
        keys = set(secret.get("data", {})) | set(secret.get("stringData", {}))
        used = set()
        for name in self.dev.workloads():
            pod, container = self.dev.pod(name)["spec"], self.dev.container(name)
            mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
            volume, = [one["secret"] for one in pod["volumes"] if "secret" in one]
            item, = volume["items"]
            self.assertEqual(self.dev.environment(name)["ADBMS_CLUSTER__SECRET_FILE"],
                             f"{mounts['secret']}/{item['path']}")
            self.assertEqual(volume["defaultMode"], 0o440)
            used.add(item["key"])
            for one in container["env"]:
                if "valueFrom" in one:
                    reference = one["valueFrom"]["secretKeyRef"]
                    self.assertEqual((name, one["name"], reference["name"]),
                                     ("security", "ADBMS_PASSWORD", "adbms"))
                    used.add(reference["key"])
        self.assertEqual(used, keys)

    def test_who_is_called_keeps_its_address(self):
        for name, service in self.dev.of_kind("Service").items():
            headless = service["spec"].get("clusterIP") == "None"
            self.assertEqual(headless, name == "storage-pods")
        self.assertEqual(self.dev.objects["StatefulSet", "storage"]["spec"]["serviceName"], "storage-pods")
        for name in ("storage", "storage-pods"):
            self.assertIs(self.dev.objects["Service", name]["spec"]["publishNotReadyAddresses"], True)

    def test_state_is_on_volumes_of_its_own(self):
        claims = self.dev.objects["StatefulSet", "storage"]["spec"]["volumeClaimTemplates"]
        self.assertEqual([one["metadata"]["name"] for one in claims], ["data"])
        for name in ("security", "orchestrator"):
            deployment = self.dev.objects["Deployment", name]["spec"]
            self.assertEqual((deployment["replicas"], deployment["strategy"]["type"]), (1, "Recreate"))
            self.assertIn(("PersistentVolumeClaim", name), self.dev.objects)
        for name, budget in self.production.of_kind("PodDisruptionBudget").items():
            self.assertEqual(budget["spec"]["minAvailable"], 1)
            self.assertEqual(budget["spec"]["selector"]["matchLabels"][COMPONENT], name)
        self.assertLessEqual({"storage", "gateway"},
                             set(self.production.of_kind("PodDisruptionBudget")))

    def test_who_is_scaled_may_be_several(self):
        scaled = self.production.of_kind("HorizontalPodAutoscaler")
        self.assertEqual(set(scaled), {"gateway", "optimizer"})
        for name, scaler in scaled.items():
            self.assertEqual(scaler["spec"]["scaleTargetRef"],
                             {"apiVersion": "apps/v1", "kind": "Deployment", "name": name})
            self.assertNotIn("replicas", self.production.objects["Deployment", name]["spec"])
            self.assertTrue(self.production.pod(name)["spec"]["topologySpreadConstraints"])

    def test_the_operator_scrapes_as_the_rules_expect(self):
        monitor = self.production.objects["ServiceMonitor", "adbms"]["spec"]
        endpoint, = monitor["endpoints"]
        self.assertIs(endpoint["honorLabels"], True)
        self.assertEqual(endpoint["authorization"]["credentials"],
                         {"name": "adbms", "key": "cluster-secret"})
        jobs = {match[1] for _, rule in rules() for match in re.finditer(r'job="(\w+)"', rule["expr"])}
        for name, service in self.production.of_kind("Service").items():
            if name == "storage-pods":  # Its one pod would be scraped twice.
                self.assertNotIn(endpoint["port"], [port["name"] for port in service["spec"]["ports"]])
                continue
            labels = service["metadata"]["labels"]
            self.assertLessEqual(monitor["selector"]["matchLabels"].items(), labels.items(), name)
            self.assertEqual({labels[monitor["jobLabel"]]}, jobs)
            self.assertIn(endpoint["port"], [port["name"] for port in service["spec"]["ports"]])


if __name__ == "__main__":
    require_program("kubectl")
    require_node_packages()
    unittest.main()
