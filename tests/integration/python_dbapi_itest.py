"""PEP 249 point by point: what the standard asks of a module, its connections and its cursors."""
import datetime
import time
import unittest

from sdk_process import SdkTest

import adbms

BEERS = ["Carlton Cold", "Carlton Draft", "Mountain Goat", "Redback", "Victoria Bitter", "XXXX"]
TROUBLE = "thi%s :may ca%(u)se? troub:1e"


class ModuleTest(unittest.TestCase):
    def test_globals(self):
        self.assertEqual(adbms.apilevel, "2.0")
        self.assertIn(adbms.threadsafety, (0, 1, 2, 3))
        self.assertEqual(adbms.paramstyle, "pyformat")

    def test_exceptions(self):
        self.assertTrue(issubclass(adbms.Warning, Exception))
        self.assertTrue(issubclass(adbms.Error, Exception))
        self.assertFalse(issubclass(adbms.Warning, adbms.Error))
        for child, parent in [("InterfaceError", "Error"), ("DatabaseError", "Error"),
                              ("DataError", "DatabaseError"), ("OperationalError", "DatabaseError"),
                              ("IntegrityError", "DatabaseError"),
                              ("InternalError", "DatabaseError"),
                              ("ProgrammingError", "DatabaseError"),
                              ("NotSupportedError", "DatabaseError")]:
            self.assertTrue(issubclass(getattr(adbms, child), getattr(adbms, parent)), child)

    def test_constructors(self):
        self.assertEqual(adbms.Date(2002, 12, 25), datetime.date(2002, 12, 25))
        ticks = time.mktime((2002, 12, 25, 13, 45, 30, 0, 0, 0))
        self.assertEqual(adbms.DateFromTicks(ticks), adbms.Date(2002, 12, 25))
        self.assertEqual(adbms.TimeFromTicks(ticks), adbms.Time(13, 45, 30))
        self.assertEqual(adbms.TimestampFromTicks(ticks), adbms.Timestamp(2002, 12, 25, 13, 45, 30))
        self.assertEqual(adbms.Binary(b"Something"), b"Something")
        self.assertEqual(adbms.Binary(b""), b"")

    def test_type_objects(self):
        kinds = [adbms.STRING, adbms.BINARY, adbms.NUMBER, adbms.DATETIME]
        for kind in kinds:
            self.assertEqual([other for other in kinds if other == kind], [kind])
        self.assertEqual(adbms.NUMBER, 23)
        self.assertNotEqual(adbms.NUMBER, 25)
        self.assertTrue(hasattr(adbms, "ROWID"))


class DbapiTest(SdkTest):
    def setUp(self):
        self.connection = self.python()
        with self.python(autocommit=True) as admin, admin.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS booze, barflys, kinds")

    def booze(self, cursor, beers=BEERS):
        cursor.execute("CREATE TABLE booze (name varchar(20), drink varchar(30))")
        for beer in beers:
            cursor.execute("INSERT INTO booze VALUES (%s, 'x')", (beer,))

    # Connections -----------------------------------------------------------------------------

    def test_exceptions_are_attributes(self):
        for name in ("Warning", "Error", "InterfaceError", "DatabaseError", "OperationalError",
                     "IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError",
                     "DataError"):
            self.assertIs(getattr(self.connection, name), getattr(adbms, name))

    def test_commit_and_rollback(self):
        self.connection.commit()  # Nothing to commit.
        self.connection.rollback()
        cursor = self.connection.cursor()
        cursor.execute("CREATE TABLE booze (name text)")
        self.connection.rollback()
        cursor.execute("CREATE TABLE booze (name text)")
        cursor.execute("INSERT INTO booze VALUES ('kept')")
        self.connection.commit()
        cursor.execute("INSERT INTO booze VALUES ('lost')")
        self.connection.rollback()
        cursor.execute("SELECT * FROM booze")
        self.assertEqual(cursor.fetchall(), [("kept",)])

    def test_closing_rolls_back(self):
        cursor = self.connection.cursor()
        self.booze(cursor)
        self.connection.commit()
        cursor.execute("DELETE FROM booze")
        self.connection.close()
        self.assertEqual(self.cluster.rows("SELECT count(*) FROM booze"), [(6,)])

    def test_nothing_goes_after_close(self):
        cursor = self.connection.cursor()
        self.connection.close()
        for action in (lambda: cursor.execute("SELECT 1"), self.connection.commit,
                       self.connection.rollback, self.connection.cursor, self.connection.close,
                       lambda: cursor.executemany("SELECT %s", [(1,)])):
            self.assertRaises(adbms.Error, action)

    def test_cursors_of_a_connection_see_each_other(self):
        one, two = self.connection.cursor(), self.connection.cursor()
        self.booze(one, ["Victoria Bitter"])
        two.execute("SELECT name FROM booze")
        self.assertEqual(two.fetchall(), [("Victoria Bitter",)])
        self.assertIs(one.connection, self.connection)

    def test_transactions_begin_by_themselves(self):
        cursor = self.connection.cursor()
        self.assertFalse(self.connection.in_transaction)
        cursor.execute("SELECT 1")
        self.assertTrue(self.connection.in_transaction)
        with self.assertRaises(adbms.Error):
            self.connection.autocommit = True
        self.connection.rollback()
        self.connection.autocommit = True
        cursor.execute("SELECT 1")
        self.assertFalse(self.connection.in_transaction)

    def test_context_managers(self):
        with self.connection as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE booze (name text)")
        self.assertTrue(self.connection.closed)
        with self.assertRaises(ZeroDivisionError), self.python() as other:
            with other.cursor() as cursor:
                cursor.execute("INSERT INTO booze VALUES ('lost')")
            raise ZeroDivisionError
        self.assertEqual(self.cluster.rows("SELECT count(*) FROM booze"), [(0,)])

    # Cursors ---------------------------------------------------------------------------------

    def test_description(self):
        cursor = self.connection.cursor()
        self.assertIsNone(cursor.description)
        cursor.execute("CREATE TABLE booze (name varchar(20), price numeric(8,2), b bytea, t date)")
        self.assertIsNone(cursor.description)
        cursor.execute("SELECT * FROM booze")
        self.assertEqual([len(column) for column in cursor.description], [7] * 4)
        self.assertEqual([column[0] for column in cursor.description], ["name", "price", "b", "t"])
        for column, kind in zip(cursor.description, (adbms.STRING, adbms.NUMBER, adbms.BINARY,
                                                     adbms.DATETIME)):
            self.assertEqual(column[1], kind)
        self.assertEqual(cursor.description[0][3], 20)
        self.assertEqual(cursor.description[1][4:6], (8, 2))
        cursor.execute("INSERT INTO booze (name) VALUES ('x')")
        self.assertIsNone(cursor.description)

    def test_rowcount(self):
        cursor = self.connection.cursor()
        self.assertEqual(cursor.rowcount, -1)
        self.booze(cursor)
        self.assertEqual(cursor.rowcount, 1)
        cursor.execute("SELECT name FROM booze")
        self.assertEqual(cursor.rowcount, 6)
        cursor.execute("UPDATE booze SET drink = 'y' WHERE name LIKE 'C%'")
        self.assertEqual(cursor.rowcount, 2)
        cursor.execute("CREATE TABLE barflys (name text)")
        self.assertEqual(cursor.rowcount, -1)

    def test_callproc(self):
        cursor = self.connection.cursor()
        self.assertEqual(cursor.callproc("lower", ("FOO",)), ("FOO",))
        self.assertEqual(cursor.fetchall(), [("foo",)])

    def test_parameters(self):
        cursor = self.connection.cursor()
        cursor.execute("CREATE TABLE booze (name varchar(20), drink varchar(40))")
        cursor.execute(f"INSERT INTO booze VALUES ('none', '{TROUBLE}')")
        doubled = TROUBLE.replace("%", "%%")
        cursor.execute(f"INSERT INTO booze VALUES (%(beer)s, '{doubled}')", {"beer": "named"})
        cursor.execute(f"INSERT INTO booze VALUES (%s, '{doubled}')", ["sequence"])
        cursor.execute("SELECT name, drink FROM booze ORDER BY name")
        self.assertEqual(cursor.fetchall(),
                         [(name, TROUBLE) for name in ("named", "none", "sequence")])
        cursor.execute("SELECT %(a)s::int, %(b)s::int, %(a)s::int", {"a": 1, "b": 2, "c": 3})
        self.assertEqual(cursor.fetchone(), (1, 2, 1))
        for bad in [("SELECT %s", ()), ("SELECT %s", (1, 2)), ("SELECT %(a)s", {}),
                    ("SELECT %d", (1,)), ("SELECT %s", "x"), ("SELECT %s, %(a)s", {"a": 1})]:
            with self.assertRaises(adbms.ProgrammingError):
                cursor.execute(*bad)

    def test_executemany(self):
        cursor = self.connection.cursor()
        cursor.execute("CREATE TABLE booze (name varchar(20), drink varchar(40))")
        cursor.executemany("INSERT INTO booze VALUES (%s, 'x')", [("Cooper's",), ("Boag's",)])
        self.assertEqual(cursor.rowcount, 2)
        cursor.executemany("INSERT INTO booze VALUES (%(beer)s, %(n)s)",
                           [{"beer": "a", "n": None}, {"beer": "b", "n": "2"}])
        cursor.executemany("INSERT INTO booze VALUES (%s)", [])
        self.assertEqual(cursor.rowcount, 0)
        cursor.execute("SELECT name FROM booze ORDER BY name")
        self.assertEqual(cursor.fetchall(), [("Boag's",), ("Cooper's",), ("a",), ("b",)])

    def test_fetchone(self):
        cursor = self.connection.cursor()
        self.assertRaises(adbms.Error, cursor.fetchone)
        cursor.execute("CREATE TABLE booze (name varchar(20))")
        self.assertRaises(adbms.Error, cursor.fetchone)
        cursor.execute("SELECT name FROM booze")
        self.assertIsNone(cursor.fetchone())
        cursor.execute("INSERT INTO booze VALUES ('Victoria Bitter')")
        self.assertRaises(adbms.Error, cursor.fetchone)
        cursor.execute("SELECT name FROM booze")
        self.assertEqual(cursor.fetchone(), ("Victoria Bitter",))
        self.assertIsNone(cursor.fetchone())

    def test_fetchmany_and_arraysize(self):
        cursor = self.connection.cursor()
        self.assertEqual(cursor.arraysize, 1)
        self.assertRaises(adbms.Error, cursor.fetchmany, 4)
        self.booze(cursor)
        cursor.execute("SELECT name FROM booze ORDER BY name")
        self.assertEqual(cursor.fetchmany(), [(BEERS[0],)])
        self.assertEqual(len(cursor.fetchmany(3)), 3)
        self.assertEqual(len(cursor.fetchmany(4)), 2)
        self.assertEqual(cursor.fetchmany(4), [])
        cursor.arraysize = 4
        cursor.execute("SELECT name FROM booze ORDER BY name")
        self.assertEqual([len(cursor.fetchmany()) for _ in range(3)], [4, 2, 0])

    def test_fetchall(self):
        cursor = self.connection.cursor()
        self.assertRaises(adbms.Error, cursor.fetchall)
        self.booze(cursor)
        self.assertRaises(adbms.Error, cursor.fetchall)
        cursor.execute("SELECT name FROM booze")
        self.assertEqual(sorted(name for name, in cursor.fetchall()), BEERS)
        self.assertEqual(cursor.fetchall(), [])
        cursor.execute("SELECT name FROM booze WHERE false")
        self.assertEqual(cursor.fetchall(), [])

    def test_mixed_fetches(self):
        cursor = self.connection.cursor()
        self.booze(cursor)
        cursor.execute("SELECT name FROM booze ORDER BY name")
        rows = [cursor.fetchone(), *cursor.fetchmany(2)]
        self.assertEqual(cursor.rownumber, 3)
        rows += [cursor.fetchone(), *cursor.fetchall()]
        self.assertEqual([name for name, in rows], BEERS)

    def test_iteration_and_scroll(self):
        cursor = self.connection.cursor()
        cursor.execute("SELECT g FROM generate_series(1, 5) g")
        self.assertEqual([g for g, in cursor], [1, 2, 3, 4, 5])
        cursor.scroll(-2)
        self.assertEqual(cursor.fetchone(), (4,))
        cursor.scroll(0, "absolute")
        self.assertEqual(next(cursor), (1,))
        self.assertRaises(IndexError, cursor.scroll, 9)

    def test_nextset(self):
        cursor = self.connection.cursor()
        cursor.execute("SELECT 1; SELECT 2, 3")
        self.assertEqual(cursor.fetchall(), [(1,)])
        self.assertTrue(cursor.nextset())
        self.assertEqual(cursor.fetchall(), [(2, 3)])
        self.assertIsNone(cursor.nextset())

    def test_sizes_do_nothing(self):
        cursor = self.connection.cursor()
        cursor.setinputsizes((25,))
        cursor.setoutputsize(1000)
        cursor.setoutputsize(2000, 0)
        self.assertIsNone(cursor.lastrowid)

    def test_none_is_null(self):
        cursor = self.connection.cursor()
        cursor.execute("CREATE TABLE booze (name varchar(20))")
        cursor.execute("INSERT INTO booze VALUES (%s)", (None,))
        cursor.execute("SELECT name FROM booze")
        self.assertEqual(cursor.fetchone(), (None,))

    def test_messages(self):
        cursor = self.connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS nothing_of_the_kind")
        (kind, notice), = cursor.messages
        self.assertIs(kind, adbms.Warning)
        self.assertIn("does not exist, skipping", str(notice))
        cursor.execute("SELECT 1")
        self.assertEqual(cursor.messages, [])

    def test_errorhandler(self):
        seen = []
        self.connection.errorhandler = lambda *what: seen.append(what)
        cursor = self.connection.cursor()
        cursor.execute("SELECT 1/0")
        self.assertIs(seen[0][0], self.connection)
        self.assertIs(seen[0][2], adbms.DataError)
        self.assertEqual(cursor.messages[0][0], adbms.DataError)

    def test_a_closed_cursor_is_closed(self):
        cursor = self.connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        self.assertRaises(adbms.Error, cursor.fetchall)
        self.assertRaises(adbms.Error, cursor.execute, "SELECT 1")

    def test_values_come_back_as_they_went(self):
        values = [("int4", 42), ("int8", -2**63), ("numeric", adbms.types.decimal.Decimal("1.10")),
                  ("float8", 0.1), ("bool", False), ("text", "grün %s"),
                  ("bytea", b"\0\xff"), ("date", adbms.Date(1999, 12, 31)),
                  ("time", adbms.Time(23, 59, 59, 999999)),
                  ("timestamp", adbms.Timestamp(2024, 2, 29, 12, 30, 1, 5)),
                  ("timestamptz", datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)),
                  ("interval", datetime.timedelta(days=-3, microseconds=7)),
                  ("interval", adbms.Interval(14, 3, 5)),
                  ("uuid", adbms.types.uuid.UUID(int=5)), ("jsonb", {"a": [1, None, "x"]}),
                  ("int4[]", [[1, 2], [3, None]]), ("text[]", ['a"b\\', "NULL", None, "", "{}"]),
                  ("date[]", [adbms.Date(2000, 1, 1)]), ("float8[]", [1.5, None])]
        cursor = self.connection.cursor()
        for kind, value in values:
            with self.subTest(kind=kind, value=value):
                cursor.execute(f"SELECT %s::{kind}, NULL::{kind}", (value,))
                self.assertEqual(cursor.fetchone(), (value, None))
                cursor.execute(f"CREATE TEMP TABLE kinds (v {kind})")
                cursor.execute("INSERT INTO kinds VALUES (%s)", (value,))
                cursor.executemany("INSERT INTO kinds VALUES (%s)", [(value,), (None,)])
                cursor.execute("SELECT v FROM kinds")
                self.assertEqual(cursor.fetchall(), [(value,), (value,), (None,)])
                cursor.execute("DROP TABLE kinds")
        cursor.execute("SELECT %s, %s, %s", (1, "x", 2**40))
        self.assertEqual(cursor.fetchone(), (1, "x", 2**40))


if __name__ == "__main__":
    unittest.main()
