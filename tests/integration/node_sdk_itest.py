"""The Node client: its own tests, by node --test, against a real server."""
import os
import subprocess
import unittest

from adbms_process import PASSWORD, PATIENCE
from sdk_process import SdkTest, node_package


class NodeTest(SdkTest):
    def test_everything(self):
        package = node_package()
        environment = dict(os.environ, ADBMS_ADDRESS=self.address, ADBMS_PASSWORD=PASSWORD)
        done = subprocess.run(["node", "--test", "test/"], cwd=package, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=200 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
