"""SET ROLE and SET SESSION AUTHORIZATION: what they allow and who then has which rights, the same
statements on adbms, in one process and in seven, and on PostgreSQL 15.
"""
import json
import unittest

import psycopg2

from adbms_process import ComparedTest, run, sqlstate, wait_until

SETUP = """
CREATE ROLE grp; CREATE ROLE far; CREATE ROLE plain LOGIN; CREATE ROLE outsider LOGIN;
CREATE ROLE noinh LOGIN NOINHERIT; GRANT grp TO plain; GRANT grp TO noinh; GRANT far TO grp;
GRANT CREATE ON SCHEMA public TO grp, plain;
CREATE TABLE of_grp (id int PRIMARY KEY); INSERT INTO of_grp VALUES (1), (2);
ALTER TABLE of_grp OWNER TO grp;
CREATE TABLE of_plain (id int PRIMARY KEY, n serial); INSERT INTO of_plain VALUES (1);
ALTER TABLE of_plain OWNER TO plain;
CREATE TABLE secret (id int);
CREATE VIEW shown AS SELECT id FROM of_grp; ALTER VIEW shown OWNER TO grp;
GRANT SELECT ON shown TO outsider
"""
WHO = "SELECT current_user::text, session_user::text, current_role::text"

# By who logs in.
SCRIPTS = {
    "a member": ("plain", [
        WHO, "SHOW role", "SET ROLE grp", WHO, "SHOW role", "SHOW session_authorization",
        "SELECT count(*) FROM of_grp", "SELECT count(*) FROM of_plain", "SET ROLE far", WHO,
        "SELECT count(*) FROM of_grp", "SET ROLE outsider", "SET ROLE absent", WHO,
        "SET ROLE NONE", WHO, "SET ROLE 'grp'", "SHOW role", "RESET ROLE", WHO,
        "SET role TO grp", WHO, "SET role TO DEFAULT", WHO, "SET ROLE plain", "SHOW role",
        "SELECT setting, context, source FROM pg_settings WHERE name = 'role'", "RESET ROLE",
        "SELECT setting FROM pg_settings WHERE name IN ('role', 'session_authorization') "
        "ORDER BY name",
    ]),
    "one that does not inherit": ("noinh", [
        "SELECT count(*) FROM of_grp", "SET ROLE grp", "SELECT count(*) FROM of_grp",
        "SET ROLE far", "SET ROLE plain", "RESET ROLE", "SELECT count(*) FROM of_grp",
    ]),
    "nobody's member": ("outsider", [
        "SET ROLE grp", "SET ROLE adbms", "SET ROLE outsider", WHO, "SET SESSION AUTHORIZATION grp",
        "SET SESSION AUTHORIZATION outsider", "SET SESSION AUTHORIZATION DEFAULT",
        "SET SESSION AUTHORIZATION absent", "SELECT set_config('role', 'grp', false)",
        "SELECT set_config('session_authorization', 'grp', false)", WHO,
        "SELECT count(*) FROM shown", "SELECT count(*) FROM of_grp",
        "SELECT pg_has_role('grp', 'MEMBER')",
    ]),
    "transactions": ("plain", [
        "BEGIN", "SET LOCAL ROLE grp", WHO, "COMMIT", WHO,
        "BEGIN", "SET ROLE grp", "ROLLBACK", WHO, "BEGIN", "SET ROLE grp", "COMMIT", WHO,
        "BEGIN", "SET LOCAL ROLE NONE", WHO, "SAVEPOINT s", "SET LOCAL ROLE far", WHO,
        "ROLLBACK TO s", WHO, "SAVEPOINT t", "SET ROLE far", "RELEASE t", WHO, "ROLLBACK", WHO,
        "RESET ROLE", "SET LOCAL ROLE grp", WHO,
        "BEGIN", "SET ROLE grp", "SELECT count(*) FROM of_plain", "ROLLBACK", WHO,
        "SELECT count(*) FROM of_plain",
        "SET ROLE grp; SELECT 1 / 0", WHO,
    ]),
    "functions": ("plain", [
        "SELECT set_config('role', 'grp', false)", WHO, "SELECT current_setting('role')",
        "SELECT set_config('role', 'outsider', false)", WHO,
        "SELECT set_config('role', 'none', false)", WHO,
        "BEGIN", "SELECT set_config('role', 'grp', true)", WHO, "COMMIT", WHO,
        "SELECT has_table_privilege('of_plain', 'SELECT'), has_table_privilege('of_grp', 'SELECT')",
        "SET ROLE grp",
        "SELECT has_table_privilege('of_plain', 'SELECT'), has_table_privilege('of_grp', 'SELECT')",
        "SELECT nextval('of_plain_n_seq')", "RESET ROLE",
        "SELECT nextval('of_plain_n_seq') > 0",
    ]),
    "prepared statements": ("plain", [
        "PREPARE p AS SELECT count(*) FROM of_plain", "PREPARE w AS SELECT current_user::text",
        "EXECUTE p", "EXECUTE w", "SET ROLE grp", "EXECUTE p", "EXECUTE w", "RESET ROLE",
        "EXECUTE p", "EXECUTE w",
        "SELECT count(*) FROM of_plain", "SET ROLE grp", "SELECT count(*) FROM of_plain",
        "RESET ROLE", "SELECT count(*) FROM of_plain",
    ]),
    "reset and discard": ("plain", [
        "SET ROLE grp", "RESET ALL", WHO, "SET work_mem = '1MB'", "PREPARE p AS SELECT 1",
        "SELECT nextval('of_plain_n_seq')", "DISCARD ALL", WHO, "SHOW role", "EXECUTE p",
        "SELECT nextval('of_plain_n_seq') > 0, currval('of_plain_n_seq') > 0",
        "DISCARD SEQUENCES", "SELECT currval('of_plain_n_seq')", "SELECT lastval()",
        "PREPARE p AS SELECT 1", "DISCARD PLANS", "EXECUTE p", "DISCARD TEMP", "EXECUTE p",
        "BEGIN", "DISCARD PLANS", "DISCARD SEQUENCES", "DISCARD TEMP", "DISCARD ALL", "ROLLBACK",
        "SELECT 1; DISCARD ALL", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "DISCARD ALL",
        "FETCH c", "BEGIN", "SET ROLE grp", "DISCARD TEMP", "COMMIT", WHO,
    ]),
    "the superuser": ("adbms", [
        "SET ROLE plain", WHO, "SHOW is_superuser", "SELECT count(*) FROM secret",
        "SELECT count(*) FROM of_grp", "SET ROLE outsider", "SELECT count(*) FROM shown",
        "SELECT count(*) FROM of_grp", "SET session_replication_role = replica", "CHECKPOINT",
        "CREATE TABLE not_here (i int)", "RESET ROLE", "SHOW is_superuser",
        "SELECT count(*) FROM secret",
        "SET SESSION AUTHORIZATION plain", WHO, "SHOW is_superuser", "SHOW session_authorization",
        "SELECT count(*) FROM secret", "SET ROLE outsider", "SET ROLE grp", WHO,
        "SET SESSION AUTHORIZATION outsider", WHO, "SHOW role", "RESET SESSION AUTHORIZATION", WHO,
        "BEGIN", "SET LOCAL SESSION AUTHORIZATION plain", WHO, "ROLLBACK", WHO,
        "BEGIN", "SET SESSION AUTHORIZATION plain", "SET ROLE grp", WHO, "COMMIT", WHO,
        "DISCARD ALL", WHO,
    ]),
    "who owns what is made": ("adbms", [
        "SET ROLE grp", "CREATE TABLE made (i int)", "CREATE VIEW made_view AS SELECT 1 AS one",
        "INSERT INTO made VALUES (1)",
        "DROP TABLE of_plain", "ALTER TABLE secret ADD COLUMN n int", "TRUNCATE of_plain",
        "RESET ROLE",
        "SELECT tablename::text, tableowner::text FROM pg_tables WHERE tablename = 'made'",
        "SET SESSION AUTHORIZATION plain", "INSERT INTO made VALUES (2)",
        "SET ROLE far", "INSERT INTO made VALUES (3)", "RESET SESSION AUTHORIZATION",
        "SELECT count(*) FROM made", "DROP VIEW made_view", "DROP TABLE made",
    ]),
}


def answers(connection, statements):
    lines = []
    for statement in statements:
        del connection.notices[:]
        try:
            rows = run(connection, statement)
            answer = "done" if rows is None else repr(rows)
        except psycopg2.Error as error:
            answer = f"{error.pgcode} {error.diag.message_primary}"
        notices = [notice.strip() for notice in connection.notices]
        lines.append(f"{statement} -> {answer} {notices or ''}".rstrip())
    return lines


class SetRoleTest(ComparedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for server in (cls.postgres, cls.cluster):
            connection = server.connect()
            for statement in SETUP.replace("\n", " ").split(";"):
                run(connection, statement)
            connection.close()

    def compare(self, user, statements):
        transcripts = []
        for server in (self.postgres, self.cluster):
            connection = server.connect(user=user)
            transcripts.append(answers(connection, statements))
            connection.close()
        self.assertEqual(transcripts[0], transcripts[1])

    def test_the_client_is_told(self):
        connection = self.connect()
        run(connection, "SET ROLE plain")
        self.assertEqual(connection.get_parameter_status("is_superuser"), "off")
        self.assertEqual(connection.get_parameter_status("session_authorization"), "adbms")
        run(connection, "SET SESSION AUTHORIZATION plain")
        self.assertEqual(connection.get_parameter_status("session_authorization"), "plain")
        run(connection, "RESET SESSION AUTHORIZATION")
        self.assertEqual(connection.get_parameter_status("session_authorization"), "adbms")
        self.assertEqual(connection.get_parameter_status("is_superuser"), "on")

    def test_at_the_start(self):
        connection = self.connect(user="plain", options="-c role=grp")
        self.assertEqual(run(connection, WHO), [("grp", "plain", "grp")])
        run(connection, "SET ROLE NONE")
        run(connection, "RESET ROLE")
        self.assertEqual(run(connection, WHO), [("grp", "plain", "grp")])
        for options in ("-c role=grp", "-c session_authorization=adbms", "-c role=absent",
                        "-c ROLE=adbms"):
            with self.assertRaises(psycopg2.OperationalError, msg=options):
                self.connect(user="outsider", options=options)

    def test_rights_taken_away_while_it_is_another(self):
        connection, admin = self.connect(user="plain"), self.connect()
        run(admin, "CREATE ROLE passing")
        run(admin, "GRANT passing TO plain")
        run(admin, "GRANT SELECT ON secret TO passing")
        run(connection, "SET ROLE passing")
        self.assertEqual(run(connection, "SELECT count(*) FROM secret"), [(0,)])
        run(admin, "REVOKE SELECT ON secret FROM passing")
        wait_until(lambda: sqlstate(connection, "SELECT count(*) FROM secret") == "42501", 20,
                   "the right is gone")
        run(admin, "DROP ROLE passing")
        wait_until(lambda: sqlstate(connection, "SELECT 1") == "28000", 20, "the role is gone")
        run(connection, "RESET ROLE")
        self.assertEqual(run(connection, "SELECT 1"), [(1,)])

    def test_audit_names_both(self):
        connection = self.connect()
        run(connection, "SET ROLE outsider")
        self.assertEqual(sqlstate(connection, "SELECT count(*) FROM secret"), "42501")
        run(connection, "RESET ROLE")
        run(connection, "SET SESSION AUTHORIZATION plain")
        self.assertEqual(sqlstate(connection, "SELECT 1 FROM secret"), "42501")
        log = next(self.cluster.directory.glob("**/audit.jsonl"))

        def denied():
            records = [json.loads(line) for line in log.read_text().splitlines()]
            return [(r["user"], r.get("role")) for r in records
                    if r["event"] == "denied" and "secret" in r["statement"]
                    and r["session"] == connection.get_backend_pid()]
        wait_until(lambda: denied() == [("adbms", "outsider"), ("plain", None)], 20, "the records")


class SevenProcesses(SetRoleTest):
    SEPARATE = True


def add(name, user, statements):
    def test(self):
        self.compare(user, statements)
    setattr(SetRoleTest, "test_" + name.replace(" ", "_").replace("'", ""), test)


for script_name, (login, steps) in SCRIPTS.items():
    add(script_name, login, steps)

if __name__ == "__main__":
    unittest.main(verbosity=2)
