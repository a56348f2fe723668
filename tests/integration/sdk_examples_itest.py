"""The example application of every client, on one process and on seven: the same orders, the same report."""
import json
import os
import subprocess
import unittest

from adbms_process import PASSWORD, PATIENCE
from sdk_process import CLIENTS, Playground, cpp_project, node_package

# 400 orders of two pieces over 200 products, of which every tenth has three pieces: one order of the two is refused.
REPORT = {"placed": 380, "refused": 20, "streamed": 380, "cities": 10, "revenue": "19710.00"}


class ExamplesTest(unittest.TestCase):
    def run_all(self, words, environment=None):
        for separate in (False, True):
            with self.subTest(separate=separate), Playground(separate) as playground:
                done = subprocess.run([*words, playground.address, "adbms", PASSWORD], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=dict(os.environ, **(environment or {})),
                                      timeout=100 * PATIENCE)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(json.loads(done.stdout), REPORT)

    def test_python(self):
        self.run_all(["/usr/bin/python3", CLIENTS / "python" / "examples" / "order_processing.py"],
                     {"PYTHONPATH": str(CLIENTS / "python" / "src")})

    def test_node(self):
        self.run_all(["node", node_package() / "examples" / "order_processing.mjs"])

    def test_cpp(self):
        self.run_all([cpp_project("examples") / "order_processing"])


if __name__ == "__main__":
    unittest.main()
