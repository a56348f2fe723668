"""The console's pages: that the files in the repository are what the build makes, and every page in a browser, against
a server with load whose autonomy is on."""
import contextlib
import fcntl
import filecmp
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import unittest

from adbms_process import BUILD, PASSWORD, PATIENCE, Cluster, run, wait_until
from sdk_process import CLIENTS, npm

CONSOLE = CLIENTS / "console"


def console_package():
    """The console beside the rest of the build, with the packages of its lock file. Skips where there is no npm."""
    if shutil.which("npm") is None:
        raise unittest.SkipTest("npm is not installed: apt-get install nodejs npm")
    package = BUILD / "clients" / "console"
    package.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "console.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("src", "test", "dist"):
            shutil.rmtree(package / name, ignore_errors=True)
        shutil.copytree(CONSOLE, package, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("node_modules", "dist"))
        npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"], package, dict(os.environ))
    return package


def files_under(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


class BuildTest(unittest.TestCase):
    def test_the_repositorys_files_are_what_the_build_makes(self):
        package = console_package()
        npm(["run", "build"], package, dict(os.environ))
        made, kept = package / "dist", CONSOLE / "dist"
        hint = "run `npm run build` in clients/console and commit dist"
        self.assertEqual(files_under(made), files_under(kept), hint)
        for name in files_under(made):
            self.assertTrue(filecmp.cmp(made / name, kept / name, shallow=False), f"{name}: {hint}")
        self.assertLess(sum((kept / name).stat().st_size for name in files_under(kept)), 1 << 20)


class Load:
    """What makes the system act: a query that wants an index, and writes."""

    def __init__(self, cluster):
        connection = cluster.connect()
        run(connection, "CREATE TABLE parcels (id int PRIMARY KEY, city text, weight numeric(8,2))")
        run(connection, "INSERT INTO parcels SELECT g, 'city ' || g % 500, g % 90 FROM generate_series(1, 60000) g")
        run(connection, "CREATE ROLE clerk LOGIN PASSWORD 'secret'")
        self.connection = connection
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        turn = 0
        while not self.stopping.wait(0.005):
            turn += 1
            run(self.connection, f"SELECT count(*), avg(weight) FROM parcels WHERE city = 'city ' || {turn % 500}")
            run(self.connection, f"UPDATE parcels SET weight = {turn % 90} WHERE id = {turn % 60000}")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        self.thread.join()
        self.connection.close()


class PagesTest(unittest.TestCase):
    def test_every_page_in_a_browser(self):
        chromium = shutil.which("chromium")
        if chromium is None:
            raise unittest.SkipTest("chromium is not installed: apt-get install chromium")
        package = console_package()
        shots = pathlib.Path(BUILD) / "console_screenshots"
        settings = ["orchestrator.cycle_ms=300ms", "orchestrator.window_ms=200ms"]
        with Cluster(settings=settings) as cluster, Load(cluster):
            wait_until(lambda: cluster.rows("SELECT 1 FROM adbms.actions WHERE kind = 'create_index' AND state = 'kept'"),
                       60, "the indexer has made an index")
            environment = dict(os.environ, ADBMS_HTTP=cluster.addresses["http"], ADBMS_PASSWORD=PASSWORD,
                               ADBMS_SHOTS=str(shots), ADBMS_CHROMIUM=chromium,
                               ADBMS_PATIENCE=str(PATIENCE))
            node = subprocess.Popen(["node", "--test", "test/"], cwd=package, env=environment, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    start_new_session=True)
            try:
                output, _ = node.communicate(timeout=200 * PATIENCE)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(node.pid, signal.SIGKILL)  # With the browser, should it be left.
            self.assertEqual(node.returncode, 0, output[-8000:])


if __name__ == "__main__":
    unittest.main()
