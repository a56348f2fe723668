"""A real Prometheus with the rules of deploy/, scraping a cluster that a test has started."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import yaml

from adbms_process import PATIENCE, free_ports, wait_until
from deploy_files import DEPLOY, RULES


class Prometheus:
    """deploy/prometheus/prometheus.yml with the cluster's addresses, and once a second."""

    def __init__(self, cluster):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_prometheus_"))
        config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        del config["alerting"]
        job, = config["scrape_configs"]
        job["authorization"]["credentials_file"] = str(cluster.directory / "cluster_secret")
        job["static_configs"] = [{"targets": list(cluster.http.values())}]
        authority = getattr(cluster, "authority", None)
        if authority is not None:
            job["scheme"] = "https"
            job["tls_config"] = {"ca_file": str(authority.ca)}
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(config))
        (self.directory / "rules").mkdir()
        for path in RULES:
            shutil.copy(path, self.directory / "rules")
        port, = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self._log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.directory}/prometheus.yml",
             f"--storage.tsdb.path={self.directory}/data", f"--web.listen-address={self.address}"],
            stdout=self._log, stderr=self._log)

    def __enter__(self):
        wait_until(lambda: self.get("targets", state="active")["activeTargets"], 30,
                   "Prometheus answers")
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(30 * PATIENCE)
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def get(self, path, **parameters):
        """The data of an API call. An error of Prometheus is a ValueError with its text."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20 * PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters}: {error.read().decode()}") from error

    def values(self, expression):
        """The numbers that the expression has now; NaN is none."""
        samples = self.get("query", query=expression)["result"]
        numbers = [float(sample["value"][1]) for sample in samples]
        return [number for number in numbers if number == number]
