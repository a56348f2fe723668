"""The C++ client: installed, found by find_package from projects outside of the tree, and its tests run."""
import os
import subprocess
import unittest

from adbms_process import PASSWORD, PATIENCE
from sdk_process import SdkTest, cpp_project


class CppTest(SdkTest):
    def test_everything(self):
        environment = dict(os.environ, ADBMS_ADDRESS=self.address, ADBMS_PASSWORD=PASSWORD)
        done = subprocess.run([cpp_project("tests") / "sdk_test"], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
