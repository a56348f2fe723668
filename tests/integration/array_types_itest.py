"""Arrays of every type, and network addresses, as PostgreSQL 15 has them: scripts of one session,
answer by answer with types, messages, details and hints.
"""
import unittest

import array_query_scripts
import array_type_scripts
from typed_scripts import TypedScriptTest


class ArrayTypesTest(TypedScriptTest):
    schema = "arrays_of_a_test"


ArrayTypesTest.add(array_type_scripts.SCRIPTS | array_query_scripts.SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
