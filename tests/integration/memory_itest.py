"""Limits hold inside one expression too: memory of the daemon, and time."""
import pathlib
import threading
import time
import unittest

import psycopg2

from adbms_process import PATIENCE, ClusterTest, run, sqlstate, wait_until

# The tuner would give query memory more, once something is refused.
FIXED = "orchestrator.autonomy=off"
MIB = 1 << 20
BUDGET = 256 * MIB
# Of refusal for memory, for length, and for time.
ALLOWED = ("53200", "54000", "57014")

ROUNDS = [
    [
        "SELECT count(*) FROM (SELECT repeat(md5(g::text), 300000) k, count(*)"
        " FROM generate_series(1, 300) g GROUP BY 1) t",
        "SELECT max(length(k)) FROM (SELECT repeat(md5(g::text), 300000) k"
        " FROM generate_series(1, 300) g ORDER BY 1 OFFSET 0) t",
        "SELECT length(repeat('x', 900000000) || repeat('y', 900000000))",
        "SELECT length(replace(repeat('a', 100000), 'a', repeat('b', 20000)))",
        "SELECT length(string_agg(repeat('x', 1000000), ',')) FROM generate_series(1, 1500)",
        "SELECT count(DISTINCT repeat(md5(g::text), 100000)) FROM generate_series(1, 3000) g",
        "SELECT cardinality(ARRAY(SELECT generate_series(1, 100000000)))",
        "SELECT length(lpad(g::text, 200000000)) FROM generate_series(1, 20) g",
    ],
    [
        "SELECT count(*) FROM (SELECT DISTINCT repeat(md5(g::text), 300000)"
        " FROM generate_series(1, 300) g) t",
        "SELECT count(*) FROM generate_series(1, 300) a JOIN generate_series(1, 300) b"
        " ON repeat(md5(a::text), 300000) = repeat(md5(b::text), 300000)",
        "SELECT count(*) FROM generate_series(1, 300) a WHERE repeat(md5(a::text), 300000) IN"
        " (SELECT repeat(md5(b::text), 300000) FROM generate_series(1, 300) b)",
        "SELECT count(*) FROM (SELECT repeat(md5(a::text), 300000) FROM generate_series(1, 300) a"
        " EXCEPT SELECT repeat(md5(b::text), 300000) FROM generate_series(2, 300) b) t",
        "WITH c AS MATERIALIZED (SELECT repeat(md5(g::text), 300000) k"
        " FROM generate_series(1, 300) g) SELECT count(*) FROM c a, c b WHERE a.k = b.k",
        "SELECT g % 7, array_agg(repeat(md5(g::text), 30000)) FROM generate_series(1, 3000) g"
        " GROUP BY 1",
        "SELECT count(*) FROM (SELECT g, count(*) FROM generate_series(1, 30000000) g"
        " GROUP BY g) t",
        "SELECT repeat(md5(g::text), 300000) FROM generate_series(1, 300) g ORDER BY 1 LIMIT 20",
    ],
]

# What makes texts and arrays, each made to need more than the small budget, of arguments that fit
# in it: a refusal is the maker's own. `t`: 16 MB of text, `b`: as much bytea, `a`: an array of
# 200,000 elements.
SMALL_BUDGET = 64 * MIB
# A text that was freed a moment ago may not have gone back to the system yet.
FREED = 16 * MIB
SOURCE = ("(SELECT repeat('x', 16000000) t, repeat('x', 16000000)::bytea b,"
          " string_to_array(repeat('1,', 200000), ',') a OFFSET 0) source")
MAKERS = [
    "repeat('x', 100000000)",
    "t || t || t",
    "b || b || b",
    "1 || t || t || t",
    "concat(t, t, t)",
    "concat_ws(',', t, t, t)",
    "format('%s%s%s', t, t, t)",
    "format('%100000000s', 'x')",
    "format('%L%I', t, t)",
    "replace(t, 'x', 'yyyy')",
    "translate(t, 'x', 'é') || 'z'",
    "lpad('', 100000000, 'xy')",
    "rpad('', 100000000, 'xy')",
    "upper(t) || lower(t)",
    "initcap(t) || reverse(t)",
    "overlay(t placing t from 16000000) || t",
    "overlay(b placing b from 16000000) || b",
    "encode(b, 'hex') || 'x'",
    "encode(b, 'base64') || t",
    "encode(b, 'escape') || t",
    "decode(repeat('ab', 48000000), 'hex')",
    "regexp_replace(t, 'x', 'yyyy', 'g')",
    "regexp_match(t, '(x*)(x)')",
    "regexp_split_to_array(t, 'x')",
    "quote_literal(t) || quote_ident(t) || quote_nullable(t)",
    "array_append(a, t) || array_append(a, t)",
    "array_append(array_append(a, t), t)",
    "array_prepend(t, array_prepend(t, a))",
    "array_cat(array_append(a, t), array_append(a, t))",
    "array_remove(array_append(array_append(a, t), t), '2')",
    "array_to_string(a, repeat('x', 1000))",
    "string_to_array(t, NULL)",
    "string_to_array(repeat('x;', 12000000), ';')",
    "ARRAY(SELECT t FROM generate_series(1, 10))",
    "t::bytea || t::bytea",
    "(t || t)::varchar || 'x'",
    "json_build_object('a', t, 'b', t)",
    "json_build_array(t, t)",
    "json_object(string_to_array(t || ';' || t, ';'))",
    "json_strip_nulls(('[' || repeat('1,', 9000000) || '1]')::json)",
    "('[' || repeat('1,', 20000000) || '1]')::json",
    "to_char(now(), t || t)",
    "to_char(1, repeat('9', 30000000))",
    "coalesce(nullif(t, 'x'), '') || greatest(t, 'a') || least(t, 'z')",
    "CASE WHEN length(t) > 1 THEN t || t || t END",
    "(SELECT string_agg(t, ',') FROM generate_series(1, 10))",
    "(SELECT string_agg(b, 'x') FROM generate_series(1, 10))",
    "(SELECT array_agg(t) FROM generate_series(1, 10))",
    "(SELECT array_agg(g) FROM generate_series(1, 12000000) g)",
    "(SELECT max(t || t || g) FROM generate_series(1, 10) g)",
    "(SELECT count(*) FROM unnest(string_to_array(t || ';' || t, ';')))",
    "(SELECT count(*) FROM json_array_elements(('[' || repeat('1,', 9000000) || '1]')::json))",
    "(SELECT count(*) FROM json_each(('{' || repeat('\"a\":1,', 3000000) || '\"b\":1}')::json))",
]


def resident(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)


def answer(connection, sql):
    try:
        return run(connection, sql)
    except psycopg2.Error as error:
        return error.pgcode


class Watched(ClusterTest):
    """Sees the daemon's memory."""

    def pid(self):
        return self.cluster.daemons["all"].process.pid

    def forget_peak(self):
        """What is resident now; the peak starts anew."""
        pathlib.Path(f"/proc/{self.pid()}/clear_refs").write_text("5")
        return resident(self.pid(), "VmRSS")

    def peak(self):
        return resident(self.pid(), "VmHWM")


@unittest.skipIf(PATIENCE > 1, "a sanitizer's memory is not the program's")
class MemoryTest(Watched):
    SETTINGS = (FIXED, f"storage.query_memory_bytes={BUDGET}")

    def test_eight_greedy_statements_stay_within_the_budget(self):
        warm = self.connect()
        run(warm, "SELECT count(*) FROM generate_series(1, 100000) g GROUP BY g % 10")
        for statements in ROUNDS:
            before = self.forget_peak()
            answers = [None] * len(statements)

            def work(i):
                connection = self.cluster.connect()
                try:
                    run(connection, f"SET statement_timeout = '{30 * PATIENCE}s'")
                    answers[i] = answer(connection, statements[i])
                finally:
                    connection.close()

            threads = [threading.Thread(target=work, args=(i,)) for i in range(len(statements))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak = self.peak() - before
            print(f"peak {peak / MIB:.0f} MiB over {before / MIB:.0f} MiB",
                  [one if isinstance(one, str) else "rows" for one in answers])
            for sql, got in zip(statements, answers):
                self.assertIsNotNone(got, sql)
                if isinstance(got, str):
                    self.assertIn(got, ALLOWED, sql)
            self.assertLess(peak, BUDGET * 1.2)
            # All of it is given back.
            wait_until(
                lambda: answer(warm, "SELECT length(repeat('x', 200000000))") == [(200000000,)],
                10, "memory is given back")

    def test_what_fits_is_answered(self):
        connection = self.connect()
        # 2.9 GB in one batch of rows, a few at a time.
        self.assertEqual(
            run(connection, "SELECT sum(length(repeat(md5(g::text), 300000)))"
                            " FROM generate_series(1, 300) g"), [(300 * 32 * 300000,)])
        self.assertEqual(
            run(connection, "SELECT count(*) FROM generate_series(1, 300) g"
                            " WHERE length(repeat(md5(g::text), 300000)) > 0"), [(300,)])
        # Sorted by way of the disk.
        rows = run(connection, "SELECT n FROM (SELECT g n, repeat(md5(g::text), 60000) k"
                               " FROM generate_series(1, 300) g ORDER BY k) t")
        expected = run(connection, "SELECT g FROM generate_series(1, 300) g ORDER BY md5(g::text)")
        self.assertEqual(rows, expected)
        # A row for each group, a hundred bytes or less.
        self.assertEqual(
            run(connection, "SELECT count(*), sum(c) FROM (SELECT g, count(*) c"
                            " FROM generate_series(1, 2000000) g GROUP BY g) t"),
            [(2000000, 2000000)])

    def test_groups_are_counted(self):
        connection = self.connect()
        before = self.forget_peak()
        self.assertEqual(
            run(connection, "SELECT count(*) FROM (SELECT md5(g::text), count(*)"
                            " FROM generate_series(1, 3000000) g GROUP BY 1) t"), [(3000000,)])
        self.assertLess(self.peak() - before, BUDGET * 1.2)
        # One value of many rows cannot go to disk.
        with self.assertRaises(psycopg2.Error) as caught:
            run(connection, "SELECT array_agg(md5(g::text)) FROM generate_series(1, 10000000) g")
        self.assertEqual(caught.exception.pgcode, "53200")
        self.assertIn("query_memory_bytes", caught.exception.diag.message_hint)
        self.assertLess(self.peak() - before, BUDGET * 1.2)

    def test_no_value_is_longer_than_a_gigabyte(self):
        connection = self.connect()
        for sql in ("SELECT repeat('x', 1100000000)", "SELECT lpad('', 1100000000, 'xy')",
                    "SELECT replace(repeat('a', 100000), 'a', repeat('b', 20000))"):
            start = time.monotonic()
            self.assertEqual(sqlstate(connection, sql), "54000", sql)
            self.assertLess(time.monotonic() - start, 2 * PATIENCE)


class TimeTest(ClusterTest):
    # Room enough that nothing but time ends them.
    SETTINGS = (FIXED, f"storage.query_memory_bytes={4096 * MIB}")
    # Of the second that is allowed, until it is noticed.
    LATE = 0.5

    def test_time_ends_a_function_under_way(self):
        connection = self.connect()
        run(connection, "SET statement_timeout = '1s'")
        slow = [
            "SELECT count(*) FROM generate_series(1, 100000) g"
            " WHERE length(replace(repeat('a', 10000), 'a', repeat('b', 2000))) < g",
            "SELECT length(regexp_replace(repeat('ab', 20000000), 'a', 'c', 'g'))",
            "SELECT count(*) FROM generate_series(1, 100000) g"
            " WHERE repeat('a', 1000000 + g) LIKE '%a_b%'",
            "SELECT repeat('a', 4000000) LIKE '%' || repeat('a', 2000000) || '_b%'",
            "SELECT repeat('a', 4000000) ILIKE '%' || repeat('A', 2000000) || '_b%'",
            "SELECT repeat('a', 4000000)::bytea LIKE ('%' || repeat('a', 2000000) || '_b%')::bytea",
            "SELECT length(initcap(repeat('ab', 250000000)))",
            "SELECT length(translate(repeat('ab', 250000000), 'ab', 'cd'))",
            "SELECT length(split_part(repeat('a', 300000000), 'a', 290000000))",
            "SELECT length(split_part(repeat('a', 300000000), 'a', -290000000))",
            "SELECT length(btrim(repeat('a', 1000000), repeat('b', 1000000) || 'a'))",
            "SELECT string_to_array(repeat('1,', 100000), ',') <@"
            " string_to_array(repeat('2,', 100000) || '1', ',')",
        ]
        for sql in slow:
            start = time.monotonic()
            self.assertEqual(sqlstate(connection, sql), "57014", sql)
            self.assertLess(time.monotonic() - start, 1 + self.LATE * PATIENCE, sql)

    def test_searching_takes_time_in_proportion(self):
        connection = self.connect()
        run(connection, f"SET statement_timeout = '{10 * PATIENCE}s'")
        for call in ("text LIKE '%' || part || '%'", "cardinality(string_to_array(text, part)) > 1",
                     "strpos(text, part) > 0", "length(replace(text, part, '')) < 4000000"):
            self.assertEqual(run(connection, f"SELECT {call} FROM (SELECT repeat('a', 4000000) AS text,"
                                             " repeat('a', 2000000) || 'b' AS part OFFSET 0) t"), [(False,)], call)

    def test_a_length_that_is_known_is_refused_at_once(self):
        connection = self.connect()
        run(connection, "SET statement_timeout = '1s'")
        start = time.monotonic()
        # 2 GB: no value is so long, whatever the budget.
        sql = "SELECT length(replace(repeat('a', 100000), 'a', repeat('b', 20000)))"
        self.assertEqual(sqlstate(connection, sql), "54000")
        self.assertLess(time.monotonic() - start, 1)
        # What a template is read into takes many times its length.
        sql = "SELECT to_char(1, repeat('9', 100000000)), to_date('1', repeat('Y', 100000000))"
        self.assertEqual(sqlstate(connection, sql), "54000")

    def test_parts_are_found_without_keeping_the_others(self):
        connection = self.connect()
        self.assertEqual(
            run(connection, "SELECT split_part(repeat('a', 100000000), 'a', 50000000),"
                " split_part(repeat('xa', 1000000), 'a', -2)"), [("", "x")])


@unittest.skipIf(PATIENCE > 1, "a sanitizer's memory is not the program's")
class MakersTest(Watched):
    SETTINGS = (FIXED, f"storage.query_memory_bytes={SMALL_BUDGET}")

    def test_whatever_makes_long_values_is_counted(self):
        connection = self.connect()
        run(connection, f"SET statement_timeout = '{60 * PATIENCE}s'")
        run(connection, "CREATE TABLE made (t text)")
        for argument in "tba":
            self.assertEqual(run(connection, f"SELECT {argument} IS NULL FROM {SOURCE}"), [(False,)])
        failed = []
        for expression in MAKERS:
            before = self.forget_peak()
            # The result goes to nobody, as a client would have to hold it.
            got = answer(connection, f"SELECT ({expression}) IS NULL FROM {SOURCE}")
            peak = self.peak() - before
            if got not in ("53200", "54000") or peak > SMALL_BUDGET * 1.2 + FREED:
                failed.append(f"{got} {peak / MIB:.0f} MiB: {expression}")
        self.assertEqual(failed, [])
        self.assertEqual(run(connection, "SELECT length(repeat('x', 60000000))"), [(60000000,)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
