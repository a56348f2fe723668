#!/usr/bin/env python3
"""Triggers that fire in the gateway, as PostgreSQL 15 has them: scripts answered statement by statement, notices too, in one
process and in seven; COPY into tables with triggers, and what ends a trigger that does not end by itself.
"""
import io
import unittest

import psycopg2

from adbms_process import run
from program_tests import ProgramTest
from trigger_scripts import TRIGGERS

TOLD = ("CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO said (what) VALUES (concat_ws(' ', "
        "TG_TABLE_NAME, TG_WHEN, TG_LEVEL, CASE WHEN TG_LEVEL = 'ROW' THEN NEW::text END)); IF TG_LEVEL = 'ROW' AND "
        "TG_WHEN = 'BEFORE' THEN NEW.a := NEW.a + 1; IF NEW.a < 0 THEN RETURN NULL; END IF; END IF; RETURN NEW; END $$")


class Triggers(ProgramTest):
    def test_triggers(self):
        self.compare(TRIGGERS)

    def test_copy(self):
        """COPY fires the triggers of the table and of its partitions, and counts what they have left."""
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.empty(server)
            said = []
            run(connection, "CREATE TABLE said (n serial, what text)")
            run(connection, TOLD)
            for table in ("CREATE TABLE c (id serial, a int, g int GENERATED ALWAYS AS (a * 2) STORED)",
                          "CREATE TABLE d (id serial, a int) PARTITION BY LIST (a)",
                          "CREATE TABLE d1 PARTITION OF d DEFAULT"):
                run(connection, table)
            for table in "cd":
                for when in ("BEFORE", "AFTER"):
                    for level in ("ROW", "STATEMENT"):
                        run(connection, f"CREATE TRIGGER {when}_{level} {when} INSERT ON {table} FOR EACH {level} "
                                        f"EXECUTE FUNCTION told()")
                with connection.cursor() as cursor:
                    cursor.copy_expert(f"COPY {table} (a) FROM STDIN", io.StringIO("1\n-5\n7\n"))
                    said.append(cursor.rowcount)
                said.append(run(connection, f"SELECT * FROM {table} ORDER BY a"))
            said.append(run(connection, "SELECT what FROM said ORDER BY n"))
            connection.close()
            answers.append(said)
        self.assertEqual(*answers)

    def test_endless(self):
        """A trigger that writes its own table ends in 54001, one that loops when its time is up; nothing stays."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE deep (a int)")
        run(connection, "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN INSERT INTO deep VALUES (NEW.a + 1); RETURN NEW; END $$")
        run(connection, "CREATE TRIGGER more BEFORE INSERT ON deep FOR EACH ROW EXECUTE FUNCTION more()")
        self.assertEqual(self.refused(connection, "INSERT INTO deep VALUES (1)"), "54001")
        run(connection, "CREATE OR REPLACE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN LOOP PERFORM 1; END LOOP; END $$")
        run(connection, "SET statement_timeout = '300ms'")
        self.assertEqual(self.refused(connection, "INSERT INTO deep VALUES (1)"), "57014")
        run(connection, "RESET statement_timeout")
        self.assertEqual(run(connection, "SELECT count(*) FROM deep"), [(0,)])

    def test_error_takes_the_statement_back(self):
        """Rows that were written before a later one's trigger failed are gone."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE several (a int)")
        run(connection, "CREATE FUNCTION third() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM several) = 2 "
                        "THEN RAISE EXCEPTION 'third'; END IF; PERFORM 1; RETURN NEW; END $$")
        run(connection, "CREATE TRIGGER third BEFORE INSERT ON several FOR EACH ROW EXECUTE FUNCTION third()")
        self.assertEqual(self.refused(connection, "INSERT INTO several SELECT generate_series(1, 5)"), "P0001")
        self.assertEqual(run(connection, "SELECT count(*) FROM several"), [(0,)])
        with self.assertRaises(psycopg2.Error):
            run(connection, "BEGIN; INSERT INTO several VALUES (1); INSERT INTO several VALUES (2), (3); COMMIT")
        run(connection, "ROLLBACK")
        self.assertEqual(run(connection, "SELECT count(*) FROM several"), [(0,)])

    def test_refused_where_the_answer_would_be_another(self):
        """What would have to see rows that are not written yet, or to fire between finding a row and updating it."""
        connection = self.empty(self.cluster)
        run(connection, "CREATE TABLE r (id int PRIMARY KEY, n int)")
        run(connection, "CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                        "PERFORM 1; NEW.n := (SELECT count(*) FROM r); RETURN NEW; END $$")
        run(connection, "CREATE TRIGGER counts BEFORE INSERT ON r FOR EACH ROW EXECUTE FUNCTION counts()")
        upsert = "ON CONFLICT (id) DO UPDATE SET n = excluded.n + 100"
        for sql in ("WITH w AS (INSERT INTO r VALUES (1), (2) RETURNING id) SELECT * FROM w",
                    "WITH w AS (DELETE FROM r RETURNING id) INSERT INTO r SELECT * FROM w"):
            self.assertEqual(self.refused(connection, sql), "0A000", sql)
        run(connection, f"INSERT INTO r VALUES (1) {upsert}")
        run(connection, f"INSERT INTO r VALUES (1) {upsert}")
        self.assertEqual(run(connection, "SELECT * FROM r"), [(1, 101)])
        run(connection, "CREATE TRIGGER updates BEFORE UPDATE ON r FOR EACH ROW EXECUTE FUNCTION counts()")
        self.assertEqual(self.refused(
            connection, f"WITH w AS (INSERT INTO r VALUES (1) {upsert} RETURNING n) SELECT * FROM w"), "0A000")


class AllInOne(Triggers):
    pass


class SevenProcesses(Triggers):
    SEPARATE = True


del Triggers

if __name__ == "__main__":
    unittest.main()
