"""Every command block of README.md, deploy/README.md and deploy/OPERATIONS.md that is marked to be run is run, in the
order of the text, against a database that is started as the text says.

A mark is <!-- run: shell --> or <!-- run: sql --> before an indented block. The commands see the defaults of the text
(ports 5433, 7433, 8433; build/release; adbms-data): the test runs in a network namespace and a directory of its own.
"""
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from deploy_files import ROOT, require_program, skip

from adbms_process import BUILD, PASSWORD, PATIENCE

DOCUMENTS = ("README.md", "deploy/README.md", "deploy/OPERATIONS.md")
MARK = re.compile(r"<!-- run: (shell|sql) -->\n\n((?:(?:    .*)?\n)+)")
NAMESPACE = "ADBMS_DOCUMENTATION_NAMESPACE"
WATCHED = 5


def blocks(document):
    """(kind, text) of every marked block."""
    text = (ROOT / document).read_text() + "\n"
    for kind, block in MARK.findall(text):
        yield kind, "\n".join(line[4:] for line in block.splitlines()).strip()


def loopback_up():
    """A new network namespace has a loopback that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        up, siocsifflags = 1, 0x8914
        fcntl.ioctl(one, siocsifflags, struct.pack("16sH14s", b"lo", up, b""))


class DocumentationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_doc_"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        (cls.directory / "build").mkdir()
        (cls.directory / "build" / "release").symlink_to(BUILD)
        (cls.directory / "deploy").symlink_to(ROOT / "deploy")
        cls.environment = dict(os.environ, ADBMS_PASSWORD=PASSWORD, PGPASSWORD=PASSWORD, PSQLRC="/dev/null")
        cls.log = open(cls.directory / "log", "w+")
        # `make up`, but for the directory of the unix socket, which is not the namespace's.
        cls.daemon = subprocess.Popen(
            [str(BUILD / "bin" / "adbmsd"), "--set", f"gateway.pgwire.socket_dir={cls.directory}",
             "--set", "orchestrator.cycle_ms=300ms"],
            cwd=cls.directory, env=cls.environment, stdout=subprocess.PIPE, stderr=cls.log, text=True)
        cls.addClassCleanup(cls._stop)
        line = cls.daemon.stdout.readline()
        assert line.startswith("adbmsd ready"), line

    @classmethod
    def _stop(cls):
        cls.daemon.send_signal(signal.SIGTERM)
        cls.daemon.wait(60 * PATIENCE)
        cls.daemon.stdout.close()
        cls.log.close()

    def run_shell(self, text):
        text = text.replace("-h /tmp", f"-h {self.directory}")
        return subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.directory,
                              env=self.environment, text=True, capture_output=True, timeout=100 * PATIENCE)

    def run_sql(self, text):
        # \watch repeats for ever; here a few times.
        text = re.sub(r"(?m)^(.*) \\watch [\d.]+$", lambda m: f"{m[1]};\n" * WATCHED, text)
        return subprocess.run(["psql", "-h", str(self.directory), "-p", "5433", "-U", "adbms", "-X", "-q",
                               "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1", "-f", "-", "adbms"], input=text,
                              env=self.environment, text=True, capture_output=True, timeout=100 * PATIENCE)

    def index_action(self):
        """The id of the index that the text says comes within a few seconds."""
        deadline = time.monotonic() + 60 * PATIENCE
        while time.monotonic() < deadline:
            found = self.run_sql("SELECT 'id=' || id FROM adbms.actions WHERE kind = 'create_index' AND "
                                 "state IN ('kept', 'verifying');")
            if match := re.search(r"id=(\d+)", found.stdout):
                return match[1]
            self.run_sql("SELECT count(*), avg(weight) FROM parcels WHERE city = 'city 42' \\watch 0.2")
        self.fail("no index came of the workload")

    def test_every_marked_block_runs(self):
        ran = 0
        for document in DOCUMENTS:
            for kind, text in blocks(document):
                with self.subTest(document=document, block=text.splitlines()[0]):
                    if "adbms.revert(2)" in text:
                        text = text.replace("revert(2)", f"revert({self.index_action()})")
                    done = self.run_shell(text) if kind == "shell" else self.run_sql(text)
                    self.assertEqual(done.returncode, 0, f"{text}\n{done.stdout}\n{done.stderr}")
                    ran += 1
        self.assertGreaterEqual(ran, 14)

    def test_every_document_is_marked(self):
        for document in DOCUMENTS:
            self.assertTrue(list(blocks(document)), document)
            text = (ROOT / document).read_text()
            self.assertEqual(len(MARK.findall(text + "\n")), text.count("<!-- run:"), document)


if __name__ == "__main__":
    require_program("psql", "promtool", "curl", "kubectl")
    if NAMESPACE not in os.environ:
        words = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
            skip("no network namespace can be made (unshare --net)")
        os.execvpe("unshare", [*words, sys.executable, *sys.argv], dict(os.environ, **{NAMESPACE: "1"}))
    loopback_up()
    unittest.main()
