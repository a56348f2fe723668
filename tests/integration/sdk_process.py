"""What the tests of the client libraries share: where the libraries are, and servers to talk to."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from adbms_process import BUILD, PASSWORD, PATIENCE, ClusterTest, free_ports, wait_until

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
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="adbms_play_"))
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        words = [str(BUILD / "bin" / "adbms"), "playground", "--grpc", self.address, "--data-dir",
                 str(self.directory / "d")]
        self.lines = []
        self.process = subprocess.Popen(words + (["--separate"] if separate else []),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=dict(os.environ, ADBMS_PASSWORD=PASSWORD))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def __enter__(self):
        wait_until(lambda: any("running; Ctrl-C" in line for line in self.lines), 60,
                   "the playground runs")
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(timeout=60 * PATIENCE)
        shutil.rmtree(self.directory, ignore_errors=True)


def node_package():
    """The Node client, built beside the rest of the build with the packages of its lock file. Skips the test where
    there is no npm."""
    if shutil.which("npm") is None:
        raise unittest.SkipTest("npm is not installed: apt-get install nodejs npm")
    package = BUILD / "clients" / "node"
    with open(BUILD / "node_sdk.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("src", "scripts", "test", "examples"):
            shutil.rmtree(package / name, ignore_errors=True)
        shutil.copytree(CLIENTS / "node", package, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("node_modules", "dist"))
        environment = dict(os.environ, ADBMS_PROTO=str(ROOT / "proto"))
        npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"], package, environment)
        npm(["run", "build"], package, environment)
    return package


def npm(words, package, environment):
    lock = package / "package-lock.json"
    installed = package / "node_modules" / ".installed"
    if words[0] == "ci" and installed.exists() and installed.read_text() == lock.read_text():
        return
    done = subprocess.run(["npm", *words], cwd=package, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0 and words[0] == "ci" and "network" in done.stdout:
        raise unittest.SkipTest("npm cannot reach its registry: " + done.stdout[-500:])
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    if words[0] == "ci":
        installed.write_text(lock.read_text())


def cpp_project(name):
    """The build directory of a project outside of the tree (clients/cpp/NAME) that finds the installed C++ client."""
    root = BUILD / "clients" / "cpp"
    prefix = root / "prefix"
    root.mkdir(parents=True, exist_ok=True)
    with open(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _cmake(CLIENTS / "cpp", root / "client", f"-DCMAKE_INSTALL_PREFIX={prefix}",
               targets=["install"])
        _cmake(CLIENTS / "cpp" / name, root / name, f"-DCMAKE_PREFIX_PATH={prefix}")
    return root / name


def _cmake(source, build, *options, targets=()):
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for words in (["-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options,
                   *launcher],
                  ["--build", build, *(["--target", *targets] if targets else [])]):
        done = subprocess.run(["cmake", *words], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise AssertionError(done.stdout[-4000:])
