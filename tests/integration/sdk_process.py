"""What the tests of the client libraries share: where the libraries are, and servers to talk to."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from adbms_process import BUILD, PASSWORD, PATIENCE, ClusterTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "clients"
sys.path.insert(0, str(CLIENTS / "python" / "src"))


class SdkTest(ClusterTest):
    @property
    def address(self):
        return self.cluster.addresses["grpc"]

    def python(self, **options):
        """A connection of the Python client, closed at the end."""
        import adbms
        connection = adbms.connect(self.address, "adbms", PASSWORD, **options)
        self.addCleanup(lambda: connection.closed or connection.close())
        return connection


class Playground:
    """A throw-away cluster as `adbms playground` starts it."""

    def __init__(self, separate):
        self.directory = tempfile.mkdtemp(prefix="adbms_play_")
        words = [str(BUILD / "bin" / "adbms"), "playground", "--data-dir", self.directory]
        self.process = subprocess.Popen(words + (["--separate"] if separate else []),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __enter__(self):
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "grpc" in line:
                break
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(timeout=60 * PATIENCE)
        self.process.stdout.close()
        shutil.rmtree(self.directory, ignore_errors=True)
