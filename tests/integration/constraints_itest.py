"""Constraints as PostgreSQL 15 has them: scripts of one session, answer by answer with message, detail
and command tag, and scripts of several sessions that wait for each other; then sizes.
"""
import time
import unittest

from adbms_process import Cluster, run, sqlstate
from constraint_scripts import SCRIPTS
from session_scripts import ScriptTest, add_tests

SETUP = """
CREATE TABLE parent (id int PRIMARY KEY, note text);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE late (id int PRIMARY KEY, parent_id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE keys (id int PRIMARY KEY, k int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE soon (id int PRIMARY KEY, k int UNIQUE DEFERRABLE);
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE booked (room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO booked VALUES (1, '[1,5)');
INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO child VALUES (1, 1), (2, 2);
INSERT INTO late VALUES (1, 2);
INSERT INTO keys VALUES (1, 1), (2, 2);
INSERT INTO soon VALUES (1, 1), (2, 2);
"""

REPEATABLE = "BEGIN ISOLATION LEVEL REPEATABLE READ"

SESSIONS = {
    "two book one room": [
        ("a", "BEGIN"), ("a", "INSERT INTO booked VALUES (1, '[5,9)')"),
        ("b", "INSERT INTO booked VALUES (1, '[6,7)')"), ("a", "COMMIT"),
        ("b", "SELECT * FROM booked"),
    ],
    "two book one room and one gives up": [
        ("a", "BEGIN"), ("a", "INSERT INTO booked VALUES (1, '[5,9)')"),
        ("b", "INSERT INTO booked VALUES (1, '[6,7)')"), ("a", "ROLLBACK"),
        ("b", "SELECT * FROM booked"),
    ],
    "who books waits for who leaves": [
        ("a", "BEGIN"), ("a", "DELETE FROM booked"),
        ("b", "INSERT INTO booked VALUES (1, '[2,3)')"), ("a", "COMMIT"),
        ("b", "SELECT * FROM booked"),
    ],
    "who books waits for who stays": [
        ("a", "BEGIN"), ("a", "UPDATE booked SET during = '[10,20)'"),
        ("b", "INSERT INTO booked VALUES (1, '[2,3)')"), ("a", "ROLLBACK"),
        ("b", "SELECT * FROM booked"),
    ],
    "cascade meets a new child": [
        ("a", "BEGIN"), ("a", "INSERT INTO child VALUES (10, 1)"),
        ("b", "DELETE FROM parent WHERE id = 1"), ("a", "COMMIT"),
        ("b", "SELECT * FROM child"),
    ],
    "a new child meets a cascade": [
        ("a", "BEGIN"), ("a", "DELETE FROM parent WHERE id = 1"),
        ("b", "INSERT INTO child VALUES (10, 1)"), ("a", "COMMIT"),
        ("b", "SELECT * FROM child"),
    ],
    "a new child meets a cascade that is undone": [
        ("a", "BEGIN"), ("a", "UPDATE parent SET id = 10 WHERE id = 1"),
        ("b", "INSERT INTO child VALUES (10, 1)"), ("a", "ROLLBACK"),
        ("b", "SELECT * FROM child"),
    ],
    "a cascade waits for a child": [
        ("a", "BEGIN"), ("a", "UPDATE child SET parent_id = 3 WHERE id = 1"),
        ("b", "DELETE FROM parent WHERE id = 1"), ("a", "COMMIT"),
        ("b", "SELECT * FROM child"),
    ],
    "a cascade waits for a child that goes": [
        ("a", "BEGIN"), ("a", "DELETE FROM child WHERE id = 1"),
        ("b", "UPDATE parent SET id = 11 WHERE id = 1"), ("a", "COMMIT"),
        ("b", "SELECT * FROM child"),
    ],
    "no action waits for a child that goes": [
        ("a", "BEGIN"), ("a", "DELETE FROM late"), ("b", "BEGIN"),
        ("b", "DELETE FROM parent WHERE id = 2"), ("b", "SET CONSTRAINTS ALL IMMEDIATE"),
        ("a", "COMMIT"), ("b", "COMMIT"), ("b", "SELECT * FROM parent"),
    ],
    "a repeatable cascade": [
        ("a", REPEATABLE), ("a", "SELECT count(*) FROM child"),
        ("b", "INSERT INTO child VALUES (10, 1)"),
        ("a", "DELETE FROM parent WHERE id = 1"), ("a", "ROLLBACK"),
        ("a", REPEATABLE), ("a", "SELECT count(*) FROM child"),
        ("b", "UPDATE child SET id = 20 WHERE id = 2"),
        ("a", "UPDATE parent SET id = 22 WHERE id = 2"), ("a", "ROLLBACK"),
        ("a", REPEATABLE), ("a", "UPDATE parent SET id = 22 WHERE id = 2"), ("a", "COMMIT"),
        ("a", "SELECT * FROM child"),
    ],
    **{f"{action}, {verb} of a parent meets a child that gets another key": [
        ("a", f"CREATE TABLE ward (id int PRIMARY KEY, p int DEFAULT 2 REFERENCES parent ON DELETE {action} ON UPDATE {action})"),
        ("a", index), ("a", "INSERT INTO ward VALUES (1, 3), (5, 3), (6, 2)"),
        ("a", "BEGIN"), ("a", "UPDATE ward SET id = id + 10 WHERE id = 1"),
        ("a", "UPDATE ward SET id = 2 WHERE id = 5"),
        ("b", statement), ("a", "COMMIT"),
        ("b", "SELECT * FROM parent"), ("b", "SELECT * FROM ward"),
    ] for action in ("CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION", "RESTRICT")
        for verb, statement, index in (
            ("a delete", "DELETE FROM parent WHERE id = 3", "SELECT 1"),
            ("an update", "UPDATE parent SET id = 33 WHERE id = 3", "CREATE INDEX ON ward (p)"))},
    "no action meets the only child, which gets another key": [
        ("a", "CREATE TABLE ward (id int PRIMARY KEY, p int REFERENCES parent)"),
        ("a", "INSERT INTO ward VALUES (1, 3)"),
        ("a", "BEGIN"), ("a", "UPDATE ward SET id = 9"),
        ("b", "DELETE FROM parent WHERE id = 3"), ("a", "COMMIT"),
        ("b", "SELECT * FROM ward"),
    ],
    "repeatable no action meets a child that gets another key": [
        ("a", "CREATE TABLE ward (id int PRIMARY KEY, p int REFERENCES parent)"),
        ("a", "INSERT INTO ward VALUES (1, 3), (2, 3)"),
        ("a", "BEGIN"), ("a", "UPDATE ward SET id = 9 WHERE id = 1"),
        ("b", REPEATABLE), ("b", "DELETE FROM parent WHERE id = 3"), ("a", "COMMIT"),
        ("b", "ROLLBACK"), ("b", "SELECT * FROM ward"),
    ],
    "keys change places while a child gets another key": [
        ("a", "CREATE TABLE ward (id int PRIMARY KEY, p int REFERENCES parent ON UPDATE CASCADE)"),
        ("a", "INSERT INTO ward VALUES (1, 1), (2, 2), (3, 3), (4, 1)"),
        ("a", "BEGIN"), ("a", "UPDATE ward SET id = 9 WHERE id = 1"),
        ("b", "UPDATE parent SET id = id - 1"), ("a", "COMMIT"),
        ("b", "SELECT * FROM ward"), ("b", "SELECT * FROM parent"),
    ],
    "a child of a deferred key gets another key beside a delete": [
        ("a", "CREATE TABLE ward (id int PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)"),
        ("a", "INSERT INTO ward VALUES (1, 3), (2, 3)"),
        ("a", "BEGIN"), ("a", "UPDATE ward SET id = 9 WHERE id = 1"),
        ("b", "DELETE FROM parent WHERE id = 3"), ("a", "COMMIT"),
        ("b", "SELECT * FROM ward"),
    ],
    "a new child of a deferred key gets another key": [
        ("a", "BEGIN"), ("a", "INSERT INTO late VALUES (10, 99)"),
        ("a", "UPDATE late SET id = 11 WHERE id = 10"), ("a", "COMMIT"),
        ("a", "SELECT * FROM late"),
    ],
    "deferred meets a delete": [
        ("a", "BEGIN"), ("a", "INSERT INTO late VALUES (10, 3)"),
        ("b", "DELETE FROM parent WHERE id = 3"), ("a", "COMMIT"),
        ("b", "SELECT * FROM late"),
    ],
    "deferred waits at the commit": [
        ("a", "BEGIN"), ("a", "INSERT INTO late VALUES (10, 3)"),
        ("b", "BEGIN"), ("b", "DELETE FROM parent WHERE id = 3"), ("a", "COMMIT"),
        ("b", "COMMIT"), ("b", "SELECT * FROM late"),
    ],
    "a deferred delete meets a child": [
        ("a", "BEGIN"), ("a", "DELETE FROM parent WHERE id = 3"),
        ("b", "BEGIN"), ("b", "INSERT INTO late VALUES (10, 3)"),
        ("a", "COMMIT"), ("b", "COMMIT"), ("a", "SELECT * FROM late"),
    ],
    "repeatable and deferred": [
        ("a", REPEATABLE), ("a", "SELECT count(*) FROM parent"),
        ("b", "INSERT INTO parent VALUES (9, 'z')"),
        ("a", "INSERT INTO late VALUES (10, 9)"), ("a", "COMMIT"),
        ("a", "SELECT * FROM late"),
    ],
    "two equal deferred keys": [
        ("a", "BEGIN"), ("b", "BEGIN"), ("a", "INSERT INTO keys VALUES (10, 7)"),
        ("b", "INSERT INTO keys VALUES (11, 7)"), ("a", "COMMIT"), ("b", "COMMIT"),
        ("c", "SELECT * FROM keys"),
    ],
    "two equal deferrable keys": [
        ("a", "BEGIN"), ("b", "BEGIN"), ("a", "INSERT INTO soon VALUES (10, 7)"),
        ("b", "INSERT INTO soon VALUES (11, 7)"), ("a", "COMMIT"), ("b", "ROLLBACK"),
        ("a", "BEGIN"), ("b", "BEGIN"), ("a", "INSERT INTO soon VALUES (12, 8)"),
        ("b", "INSERT INTO soon VALUES (13, 8)"), ("a", "ROLLBACK"), ("b", "COMMIT"),
        ("c", "SELECT * FROM soon"),
    ],
    "a deferrable key moves": [
        ("a", "BEGIN"), ("a", "UPDATE soon SET k = k + 1"),
        ("b", "INSERT INTO soon VALUES (10, 1)"), ("a", "COMMIT"),
        ("c", "SELECT * FROM soon"),
    ],
}


class ConstraintTest(ScriptTest):
    POSTGRES_SETTINGS = ("deadlock_timeout=10ms",)

    def compare(self, script):
        self.compare_sessions(script, SETUP)

    def seconds(self, connection, sql):
        begun = time.monotonic()
        run(connection, sql)
        return time.monotonic() - begun

    def test_many_parents(self):
        """A delete of all parents looks for children by their index, or once for all of them."""
        connection = self.empty(self.cluster)
        for index in (True, False):
            run(connection, "CREATE TABLE p (id int PRIMARY KEY)")
            run(connection, "CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p ON DELETE CASCADE)")
            run(connection, "CREATE TABLE n (id int PRIMARY KEY, p_id int REFERENCES p)")
            if index:
                run(connection, "CREATE INDEX ON c (p_id)")
                run(connection, "CREATE INDEX ON n (p_id)")
            times = []
            for rows in (20000, 80000):
                run(connection, f"INSERT INTO p SELECT generate_series(1, {rows})")
                run(connection, f"INSERT INTO c SELECT g, g FROM generate_series(1, {rows}) g")
                # What is deleted already is not stepped over again for each parent.
                run(connection, f"INSERT INTO n SELECT g, g FROM generate_series(1, {rows}) g")
                run(connection, "DELETE FROM n")
                times.append(self.seconds(connection, "DELETE FROM p"))
                self.assertEqual(run(connection, "SELECT count(*) FROM c"), [(0,)])
            self.assertLess(times[1], 10 * times[0] + 1, times)
            run(connection, "DROP TABLE n, c, p")
        connection.close()

    def test_plans_from_before(self):
        """A prepared statement meets the actions of a foreign key that came after it."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE p (id int PRIMARY KEY)")
        run(connection, "CREATE TABLE c (id int PRIMARY KEY, p_id int DEFAULT 1)")
        run(connection, "PREPARE gone AS DELETE FROM p WHERE id = $1")
        run(connection, "INSERT INTO p SELECT generate_series(1, 9)")
        run(connection, "INSERT INTO c SELECT g, g FROM generate_series(1, 9) g")
        run(connection, "EXECUTE gone(1)")
        run(connection, "DELETE FROM c WHERE id = 1")
        run(connection, "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p ON DELETE SET NULL")
        run(connection, "EXECUTE gone(2)")
        self.assertEqual(run(connection, "SELECT p_id FROM c WHERE id = 2"), [(None,)])
        run(connection, "ALTER TABLE c ADD CHECK (id <> 3 OR p_id IS NOT NULL)")
        self.assertEqual(sqlstate(connection, "EXECUTE gone(3)"), "23514")
        run(connection, "ALTER TABLE c DROP CONSTRAINT f")
        run(connection, "EXECUTE gone(3)")
        connection.close()

    def test_rights(self):
        """Cascades are the referencing table's own; the statement's user needs no right on it."""
        owner = self.empty(self.cluster)
        run(owner, "CREATE TABLE p (id int PRIMARY KEY)")
        run(owner, "CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p ON DELETE CASCADE)")
        run(owner, "INSERT INTO p VALUES (1), (2)")
        run(owner, "INSERT INTO c VALUES (1, 1), (2, 2)")
        run(owner, "CREATE ROLE clerk LOGIN")
        run(owner, "GRANT SELECT, DELETE, TRUNCATE ON p TO clerk")
        run(owner, "CREATE SCHEMA hidden")
        run(owner, "CREATE TABLE hidden.t (id int CONSTRAINT once UNIQUE DEFERRABLE)")
        run(owner, "SET ROLE clerk")
        run(owner, "DELETE FROM p WHERE id = 1")
        self.assertEqual(sqlstate(owner, "SELECT * FROM c"), "42501")
        self.assertEqual(sqlstate(owner, "TRUNCATE p CASCADE"), "42501")
        run(owner, "BEGIN")
        self.assertEqual(sqlstate(owner, "SET CONSTRAINTS hidden.once DEFERRED"), "42501")
        run(owner, "ROLLBACK")
        run(owner, "RESET ROLE")
        self.assertEqual(run(owner, "SELECT id FROM c"), [(2,)])
        owner.close()


class TwoGatewaysTest(unittest.TestCase):
    def test_two_gateways(self):
        """Sessions of two gateways defer, cascade and wait for each other in one storage."""
        with Cluster(separate=True) as cluster, cluster.another_gateway() as other:
            first, second = cluster.connect(), other.connect()
            for statement in SETUP.strip().split(";\n"):
                run(first, statement.rstrip(";"))
            self.assertEqual(run(second, "SELECT count(*) FROM child"), [(2,)])
            run(first, "BEGIN")
            run(first, "INSERT INTO late VALUES (10, 3)")
            run(second, "DELETE FROM parent WHERE id IN (1, 3)")
            self.assertEqual(sqlstate(first, "COMMIT"), "23503")
            self.assertEqual(run(first, "SELECT id FROM child"), [(2,)])
            run(second, "BEGIN")
            run(second, "SET CONSTRAINTS ALL DEFERRED")
            run(second, "UPDATE soon SET k = 3")
            run(second, "UPDATE soon SET k = id")
            run(second, "COMMIT")
            first.close()
            second.close()


add_tests(ConstraintTest, SCRIPTS, "compare_alone")
add_tests(ConstraintTest, SESSIONS)

if __name__ == "__main__":
    unittest.main(verbosity=2)
