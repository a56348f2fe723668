"""The graph of calls in the manifests is the one that seven running processes have: who holds a connection to whom."""
import os
import pathlib
import re
import unittest

from deploy_files import require_program
from manifests import Manifests

from adbms_process import SERVICES, Cluster, wait_until
from metrics_itest import exercise


def sockets(pid):
    """Inodes of a process's sockets."""
    found = set()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry)):
                found.add(match[1])
        except FileNotFoundError:  # Closed meanwhile.
            pass
    return found


def connections():
    """(inode, local port, remote port) of every established TCP connection; gRPC may use IPv6 sockets."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "01":
                yield words[9], int(words[1].rsplit(":", 1)[1], 16), int(words[2].rsplit(":", 1)[1], 16)


class CallGraphTest(unittest.TestCase):
    def test_manifests_allow_the_calls_that_are_made(self):
        cluster = Cluster(separate=True, settings=("orchestrator.cycle_ms=300ms",
                                                   "orchestrator.window_ms=200ms"))
        self.addCleanup(cluster.remove)
        cluster.start()
        ports = {port: name for name, port in cluster._cluster_ports.items()}
        seen = set()

        def look():
            inodes = {name: sockets(cluster.daemons[name].process.pid) for name in SERVICES}
            for inode, _, remote in connections():
                for name in SERVICES:
                    if inode in inodes[name] and remote in ports:
                        seen.add((name, ports[remote]))
            return seen

        # The gateway asks the modules only for their status, which ends with the call.
        expected = Manifests("production").calls()
        status = {("gateway", "tuner"), ("gateway", "indexer")}
        exercise(cluster)
        wait_until(lambda: look() >= expected - status, 30, "every call of the graph is made")
        self.assertLessEqual(seen, expected)


if __name__ == "__main__":
    require_program("kubectl")
    unittest.main()
