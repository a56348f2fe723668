"""Runs the containers of the rendered pods in the container engine as a cluster would: the same image, command,
environment, user, capabilities, read-only root, secret (root's, read by the pod's group), volumes and names; then asks
their probes, writes and reads through the gateway, and stops them as the kubelet does: preStop, SIGTERM, in the grace.

usage: kubernetes_pods.py DIRECTORY    (for volumes; DOCKER_HOST as engine.sh sets it)
"""
import base64
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import psycopg2

from manifests import Manifests

START_SECONDS = 90
SUBNET = "172.30.63"


def docker(*arguments, check=True):
    return subprocess.run(["docker", *arguments], check=check, text=True, capture_output=True).stdout.strip()


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
            last = None
        except (OSError, psycopg2.Error) as error:
            last = error
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; {last}"
        time.sleep(0.1)


class Pods:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.manifests = Manifests("dev")
        self.secret = {key: base64.b64decode(value).decode() for key, value in
                       self.manifests.objects["Secret", "adbms"]["data"].items()}
        # A service has an address that stays; here it is its one pod's.
        docker("network", "create", "--subnet", f"{SUBNET}.0/24", "adbms-pods")
        self.addresses = {name: f"{SUBNET}.{number}"
                          for number, name in enumerate(self.manifests.workloads(), start=10)}

    def _volume(self, name, volume, context):
        """A directory as the kubelet makes it: root's, the group's by fsGroup."""
        path = self.directory / name / volume["name"]
        path.mkdir(parents=True)
        if "secret" in volume:
            for item in volume["secret"]["items"]:
                file = path / item["path"]
                file.write_text(self.secret[item["key"]])
                os.chown(file, 0, context["fsGroup"])
                file.chmod(volume["secret"]["defaultMode"])
        os.chown(path, 0, context["fsGroup"])
        path.chmod(0o2775)
        return path

    def _variable(self, one):
        value = one["value"] if "value" in one else self.secret[one["valueFrom"]["secretKeyRef"]["key"]]
        return f"{one['name']}={value}"

    def start(self, name):
        pod, container = self.manifests.pod(name)["spec"], self.manifests.container(name)
        context, confined = pod["securityContext"], container["securityContext"]
        words = ["run", "-d", "--name", f"pod-{name}", "--network", "adbms-pods",
                 "--ip", self.addresses[name],
                 *(f"--add-host={other}:{address}" for other, address in self.addresses.items()), "--user", f"{context['runAsUser']}:{context['runAsGroup']}",
                 "--group-add", str(context["fsGroup"]),
                 "--memory", container["resources"]["limits"]["memory"].replace("i", "").lower()]
        # The engine's default seccomp profile is the runtime's default.
        assert context["seccompProfile"]["type"] == "RuntimeDefault"
        if confined["readOnlyRootFilesystem"]:
            words.append("--read-only")
        if not confined["allowPrivilegeEscalation"]:
            words += ["--security-opt", "no-new-privileges:true"]
        for capability in confined["capabilities"]["drop"]:
            words += ["--cap-drop", capability]
        for one in container["env"]:
            words += ["-e", self._variable(one)]
        claims = self.manifests.workloads()[name]["spec"].get("volumeClaimTemplates", [])
        volumes = pod["volumes"] + [{"name": one["metadata"]["name"]} for one in claims]
        paths = {one["name"]: self._volume(name, one, context) for one in volumes}
        for mount in container["volumeMounts"]:
            mode = "ro" if mount.get("readOnly") else "rw"
            words += ["-v", f"{paths[mount['name']]}:{mount['mountPath']}:{mode}"]
        docker(*words, container["image"], *container["args"])

    def port(self, name, port_name):
        return next(one["containerPort"] for one in self.manifests.container(name)["ports"]
                    if one["name"] == port_name)

    def probe(self, name, kind):
        request = self.manifests.container(name)[kind]["httpGet"]
        url = f"http://{self.addresses[name]}:{self.port(name, request['port'])}{request['path']}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200

    def connect(self):
        connection = psycopg2.connect(host=self.addresses["gateway"], port=self.port("gateway", "postgres"),
                                      user="adbms", dbname="adbms", connect_timeout=5,
                                      password=self.secret["superuser-password"])
        connection.autocommit = True
        return connection

    def stop(self, name):
        """Seconds that it took. The exit status must be 0: it stopped by itself."""
        begun = time.monotonic()
        docker("exec", f"pod-{name}", *self.manifests.container(name)["lifecycle"]["preStop"]["exec"]["command"])
        grace = self.manifests.pod(name)["spec"]["terminationGracePeriodSeconds"]
        docker("stop", "-t", str(int(grace - (time.monotonic() - begun))), f"pod-{name}")
        taken = time.monotonic() - begun
        status = docker("inspect", "-f", "{{.State.ExitCode}}", f"pod-{name}")
        assert status == "0", f"{name} ended with {status}"
        return taken


def main(directory):
    pods = Pods(directory)
    names = list(pods.manifests.workloads())
    # Storage last: whoever needs it waits for it, and is not ready meanwhile.
    others = [name for name in names if name != "storage"]
    for name in others:
        pods.start(name)
    pods.start("storage")
    for name in names:
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            wait_until(lambda n=name, k=kind: pods.probe(n, k), START_SECONDS, f"{kind} of {name}")
    print(f"{len(names)} pods are started, ready and alive")

    wait_until(lambda: pods.connect().close() is None, START_SECONDS, "a login")
    with pods.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (n int PRIMARY KEY)")
        cursor.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (1000,)
    for name in names:
        inspected = docker("exec", f"pod-{name}", "id", "-u")
        assert inspected == "10001", f"{name} runs as {inspected}"
        denied = subprocess.run(["docker", "exec", f"pod-{name}", "touch", "/usr/local/bin/x"], capture_output=True)
        assert denied.returncode != 0, f"{name} can write to its root"

    for name in ("gateway", *[name for name in others if name != "gateway"], "storage"):
        print(f"{name:13} stopped in {pods.stop(name):.1f} s")
    for name in ("storage", *others):
        docker("start", f"pod-{name}")
    wait_until(lambda: pods.connect().close() is None, START_SECONDS, "a login after the restart")
    with pods.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (1000,)
    print("rows are kept over a restart of every pod")


if __name__ == "__main__":
    main(sys.argv[1])
