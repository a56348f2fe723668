"""Functions, precisions of times and small rules, answer by answer as PostgreSQL 15's."""
import unittest

import function_scripts
from typed_scripts import TypedScriptTest


class FunctionsTest(TypedScriptTest):
    schema = "functions"


FunctionsTest.add(function_scripts.SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
