"""Ranges and multiranges as PostgreSQL 15 has them, in text and binary."""
import io
import random
import unittest

import range_scripts
from adbms_process import run
from typed_scripts import TypedScriptTest

KINDS = {"int4range": ["-3", "0", "1", "2", "5", "9", "2147483646"], "numrange": ["-1.5", "0", "1.0", "1.00", "2.75", "NaN"],
         "daterange": ["2020-01-01", "2020-01-02", "2020-02-01", "infinity", "-infinity"],
         "tsrange": ["2020-01-01 10:00", "2020-01-01 10:00:00.5", "2021-01-01"]}
OPERATORS = ["=", "<>", "<", "<=", ">", ">=", "@>", "<@", "&&", "<<", ">>", "&<", "&>", "-|-", "+", "*", "-"]


def random_range(rng, values):
    if rng.random() < 0.05:
        return "empty"
    lower, upper = rng.choice(values + [""]), rng.choice(values + [""])
    return f"{rng.choice('[(')}{lower},{upper}{rng.choice('])')}"


class RangesTest(TypedScriptTest):
    schema = "ranges"

    def test_random_operators(self):
        """4,000 operators over random operands: the same value or error."""
        rng = random.Random(7)
        statements = []
        for _ in range(4000):
            kind = rng.choice(list(KINDS))
            operands = []
            for _ in range(2):
                if rng.random() < 0.3:
                    several = ",".join(random_range(rng, KINDS[kind]) for _ in range(rng.randrange(4)))
                    operands.append("'{" + several + "}'::" + kind.replace("range", "multirange"))
                else:
                    operands.append(f"'{random_range(rng, KINDS[kind])}'::{kind}")
            statements.append(f"SELECT {operands[0]} {rng.choice(OPERATORS)} {operands[1]}")
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            answers.append([self.answer(connection, statement) for statement in statements])
            connection.close()
        wrong = [(s, a, b) for s, a, b in zip(statements, *answers)
                 if a != b and not (a[0] == b[0] == "42883")]
        self.assertEqual(wrong[:5], [], len(wrong))

    def test_copy_and_binary(self):
        """What COPY writes in either format reads back, on the other server too."""
        texts = {}
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            run(connection, "CREATE TABLE t (a int4range, b numrange[], c tstzmultirange)")
            run(connection, "INSERT INTO t VALUES ('[1,5)', '{\"[1.0,2.5)\",empty}', '{[2020-01-01 00:00+00,)}'),"
                            " (NULL, '{}', '{}'), ('empty', NULL, '{(,2020-01-01 00:00+00),[2021-01-01 00:00+00,)}')")
            for kind in ("text", "binary"):
                out = io.BytesIO()
                with connection.cursor() as cursor:
                    cursor.copy_expert(f"COPY t TO STDOUT (FORMAT {kind})", out)
                texts.setdefault(kind, []).append(out.getvalue())
            for kind, (theirs, *_) in texts.items():
                with connection.cursor() as cursor:
                    cursor.execute("TRUNCATE t")
                    cursor.copy_expert(f"COPY t FROM STDIN (FORMAT {kind})", io.BytesIO(theirs))
                    cursor.execute("SELECT count(*) FROM t WHERE a @> 4 OR isempty(a) OR b = '{}'")
                    self.assertEqual(int(cursor.fetchone()[0]), 3)
            connection.close()
        self.assertEqual(texts["text"][0], texts["text"][1])
        self.assertEqual(texts["binary"][0], texts["binary"][1])


RangesTest.add(range_scripts.SCRIPTS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
