"""The rendered Kubernetes manifests, and what they say about who calls whom."""
import re
import subprocess

import yaml

from deploy_files import DEPLOY

COMPONENT = "app.kubernetes.io/component"
OVERLAYS = ("dev", "production")


def render(overlay):
    """The YAML of an overlay."""
    rendered = subprocess.run(["kubectl", "kustomize", str(DEPLOY / "kubernetes" / "overlays" / overlay)],
                              text=True, capture_output=True)
    assert rendered.returncode == 0, rendered.stderr
    return rendered.stdout


class Manifests:
    """An overlay's objects by (kind, name)."""

    def __init__(self, overlay):
        self.text = render(overlay)
        documents = [one for one in yaml.safe_load_all(self.text) if one]
        self.objects = {(one["kind"], one["metadata"]["name"]): one for one in documents}
        assert len(self.objects) == len(documents), "two objects of one kind and name"

    def of_kind(self, kind):
        return {name: one for (its, name), one in self.objects.items() if its == kind}

    def workloads(self):
        return {**self.of_kind("StatefulSet"), **self.of_kind("Deployment")}

    def pod(self, name):
        return self.workloads()[name]["spec"]["template"]

    def container(self, name):
        container, = self.pod(name)["spec"]["containers"]
        return container

    def environment(self, name):
        """Variables with a value of their own."""
        return {one["name"]: one["value"] for one in self.container(name)["env"] if "value" in one}

    def calls(self):
        """(caller, called) by the addresses that callers are given."""
        return {(name, match[1].lower()) for name in self.workloads()
                for key in self.environment(name)
                if (match := re.fullmatch(
                    r"ADBMS_CLUSTER__(?!LISTEN|HTTP_LISTEN|SECRET_FILE|ALLOW_PLAINTEXT|TLS__)(\w+)", key))}

    def _selected(self, selector):
        labels = selector.get("matchLabels", {})
        return {name for name in self.workloads()
                if labels.items() <= self.pod(name)["metadata"]["labels"].items()}

    def allowed(self, direction):
        """(caller, called) by the network policies' ingress or egress."""
        edges = set()
        for policy in self.of_kind("NetworkPolicy").values():
            own = self._selected(policy["spec"]["podSelector"])
            for rule in policy["spec"].get(direction, ()):
                for peer in rule.get("from" if direction == "ingress" else "to", ()):
                    if "namespaceSelector" in peer:
                        continue
                    others = self._selected(peer["podSelector"])
                    edges |= {(other, one) if direction == "ingress" else (one, other)
                              for one in own for other in others}
        return edges
