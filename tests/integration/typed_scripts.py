"""Scripts of one session, statement by statement: the same types of columns, texts of values, messages,
details and hints on adbms as on PostgreSQL 15.
"""
import psycopg2
import psycopg2.extensions

from adbms_process import ComparedTest, run

# Values as the server writes them.
RAW = psycopg2.extensions.new_type(tuple(range(16, 6000)), "RAW", lambda text, _: text)


class TypedScriptTest(ComparedTest):
    schema = "typed_scripts"

    def type_of(self, oid):
        """What two servers have to agree on of a column's type."""
        return oid

    def connect(self, server):
        connection = server.connect()
        psycopg2.extensions.register_type(RAW, connection)
        run(connection, f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        run(connection, f"CREATE SCHEMA {self.schema}")
        run(connection, f"SET search_path = {self.schema}")
        run(connection, "SET TimeZone = 'UTC'")
        return connection

    def answer(self, connection, statement):
        """What a statement is answered: types and texts of its rows, or its error."""
        with connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except psycopg2.Error as error:
                diag = error.diag
                return (error.pgcode, diag.message_primary, diag.message_detail, diag.message_hint)
            if cursor.description is None:
                return (cursor.statusmessage,)
            columns = [(c.name, self.type_of(c.type_code)) for c in cursor.description]
            return (cursor.statusmessage, columns, cursor.fetchall())

    def compare(self, text):
        statements = text.strip().split("\n")
        answers = []
        for server in (self.postgres, self.cluster):
            connection = self.connect(server)
            answers.append([self.answer(connection, statement) for statement in statements])
            connection.close()
        wrong = [f"{statement}\n  PostgreSQL: {theirs}\n  ours:       {ours}"
                 for statement, theirs, ours in zip(statements, *answers) if theirs != ours]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    @classmethod
    def add(cls, scripts):
        """One test for each script, by its title."""
        for title, script in scripts.items():
            setattr(cls, "test_" + title.replace(" ", "_"), lambda self, script=script: self.compare(script))
