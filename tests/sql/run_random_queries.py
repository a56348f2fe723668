#!/usr/bin/python3
"""Compares random SELECTs with PostgreSQL 15's answers to them.

usage: run_random_queries.py [--seed N] [--seconds N] [--separate] [--without-rules] [--batch-rows N] [--windows] [--rows]

Both databases hold the same small tables with NULLs and duplicates; the rows of every query must
be the same, and so must the SQLSTATE of one that fails. The seed decides the queries.
--windows: window functions only. --rows: lateral joins, set-returning functions, grouping sets and
recursion only. --without-rules: with each rewrite rule of the planner switched off in turn, then with all of them.
"""
import argparse
import pathlib
import random
import re
import sys
import time

import psycopg2
import psycopg2.extensions

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import adbms_process  # noqa: E402

# Values arrive as the server's text: no type of the driver's may hide a difference.
psycopg2.extensions.register_type(psycopg2.extensions.new_type(
    (16, 17, 20, 21, 23, 25, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 1005, 1007,
     1009, 1016), "TEXT", lambda value, cursor: value))

TABLES = {
    "r": {"id": "int", "a": "int", "b": "bigint", "n": "numeric", "s": "text", "d": "date"},
    "q": {"id": "int", "r_id": "int", "v": "int", "w": "numeric", "t": "text", "f": "bool"},
    "u": {"k": "int", "x": "int", "y": "text"},
}
# Columns of what stands beside a table in FROM.
BESIDE = {
    "series": {"g": "int"},
    "words": {"y": "text", "g": "int", "o": "bigint"},
    "found": {"g": "int", "y": "text"},
}
SETUP = [
    "CREATE TABLE r (id int PRIMARY KEY, a int, b bigint, n numeric(10,2), s text, d date)",
    "CREATE TABLE q (id int PRIMARY KEY, r_id int, v int, w numeric(8,3), t varchar(10), f bool)",
    "CREATE TABLE u (k int, x int, y char(4))",
    "CREATE INDEX q_r ON q (r_id)",
    "CREATE INDEX r_a ON r (a, s)",
]


class Generator:
    """Builds queries whose rows do not depend on any order but the one they name."""

    def __init__(self, seed, only=""):
        self.random = random.Random(seed)
        self.only = only

    def pick(self, *choices):
        return self.random.choice(choices)

    def rows(self):
        """INSERT statements, the same for both."""
        maybe = lambda value: "NULL" if self.random.random() < 0.2 else str(value)
        text = lambda: "'" + self.pick("a", "b", "ab", "abc", "", "B", "a%", "x_y") + "'"
        number = lambda: self.random.randint(-3, 9)
        for i in range(25):
            yield (f"INSERT INTO r VALUES ({i}, {maybe(number())}, {maybe(number() * 1000000007)}, "
                   f"{maybe(number() / 4)}, {maybe(text())}, "
                   f"{maybe(chr(39) + f'2024-0{self.random.randint(1, 9)}-15' + chr(39))})")
            yield (f"INSERT INTO q VALUES ({i}, {maybe(self.random.randint(0, 28))}, "
                   f"{maybe(number())}, {maybe(number() / 8)}, {maybe(text())}, "
                   f"{maybe(self.pick('true', 'false'))})")
            if i < 12:
                yield f"INSERT INTO u VALUES ({maybe(number())}, {maybe(number())}, {maybe(text())})"

    def column(self, scope, kinds):
        found = [f"{alias}.{name}" for alias, table in scope
                 for name, kind in {**TABLES, **BESIDE}[table].items() if kind in kinds]
        return self.random.choice(found) if found else "1"

    def number(self, scope, depth=2):
        roll = self.random.random()
        if depth == 0 or roll < 0.35:
            return self.column(scope, ("int", "bigint", "numeric"))
        if roll < 0.5:
            return str(self.pick(0, 1, 2, 3, -1, 7, 1.5, "0.25", "NULL::int"))
        if roll < 0.75:
            return (f"({self.number(scope, depth - 1)} {self.pick('+', '-', '*', '/', '%')} "
                    f"{self.number(scope, depth - 1)})")
        if roll < 0.82:
            return f"coalesce({self.number(scope, depth - 1)}, {self.number(scope, depth - 1)})"
        if roll < 0.9:
            return (f"CASE WHEN {self.condition(scope, depth - 1)} THEN "
                    f"{self.number(scope, depth - 1)} ELSE {self.number(scope, depth - 1)} END")
        if roll < 0.95:
            return f"length({self.text(scope, depth - 1)})"
        return (f"{self.pick('abs', 'round', 'floor', 'sign')}"
                f"({self.number(scope, depth - 1)}::numeric)")

    def text(self, scope, depth=1):
        roll = self.random.random()
        if depth == 0 or roll < 0.5:
            return self.column(scope, ("text",))
        if roll < 0.65:
            return self.pick("'a'", "'ab'", "''", "NULL::text")
        if roll < 0.8:
            return f"({self.text(scope, depth - 1)} || {self.text(scope, depth - 1)})"
        return self.pick("upper({0})", "substr({0}, 1, 1)", "coalesce({0}, 'none')",
                         "replace({0}, 'a', 'zz')").format(self.text(scope, depth - 1))

    def condition(self, scope, depth=2):
        roll = self.random.random()
        compare = self.pick("=", "<>", "<", "<=", ">", ">=")
        if depth > 0 and roll < 0.25:
            return (f"({self.condition(scope, depth - 1)} {self.pick('AND', 'OR')} "
                    f"{self.condition(scope, depth - 1)})")
        if depth > 0 and roll < 0.32:
            return f"NOT ({self.condition(scope, depth - 1)})"
        if roll < 0.5:
            return f"{self.number(scope, 1)} {compare} {self.number(scope, 1)}"
        if roll < 0.6:
            return f"{self.text(scope)} {compare} {self.text(scope)}"
        if roll < 0.66:
            return f"{self.text(scope)} {self.pick('LIKE', 'NOT LIKE')} {self.pick(chr(39) + 'a%' + chr(39), chr(39) + '_b%' + chr(39), chr(39) + '%' + chr(39))}"
        if roll < 0.72:
            return (f"{self.column(scope, ('int', 'text', 'numeric', 'bool', 'date'))} "
                    f"IS {self.pick('', 'NOT ')}NULL")
        if roll < 0.78:
            return f"{self.number(scope, 1)} {self.pick('IN', 'NOT IN')} (1, 2, {self.pick('3', 'NULL')})"
        if roll < 0.82:
            return f"{self.number(scope, 1)} BETWEEN {self.number(scope, 0)} AND {self.number(scope, 0)}"
        if roll < 0.86:
            return (f"{self.number(scope, 1)} IS {self.pick('', 'NOT ')}DISTINCT FROM "
                    f"{self.number(scope, 1)}")
        return self.subquery_condition(scope)

    def subquery_condition(self, scope):
        alias = f"s{self.random.randint(100, 999)}"
        table = self.pick(*TABLES)
        inner = [(alias, table)]
        key = self.column(inner, ("int",))
        outer = self.column(scope, ("int",))
        where = self.pick("", f" WHERE {self.condition(inner, 0)}", f" WHERE {key} = {outer}",
                          f" WHERE {key} = {outer} AND {self.column(inner, ('int',))} > 1")
        return self.pick(
            f"{'NOT ' if self.random.random() < 0.4 else ''}EXISTS (SELECT 1 FROM {table} {alias}{where})",
            f"{outer} {self.pick('IN', 'NOT IN')} (SELECT {key} FROM {table} {alias}{where})",
            f"{outer} {self.pick('<', '=', '>=')} (SELECT {self.pick('max', 'min', 'count', 'sum')}"
            f"({self.column(inner, ('int',))}) FROM {table} {alias}{where})",
            f"{outer} {self.pick('<', '=', '<>')} {self.pick('ANY', 'ALL')} "
            f"(SELECT {key} FROM {table} {alias}{where})")

    def source(self):
        scope = []
        text = ""
        for i in range(self.pick(1, 1, 2, 2, 3)):
            alias, table = f"t{i}", self.pick(*TABLES)
            if not scope:
                scope.append((alias, table))
                text = f"{table} {alias}"
                continue
            kind = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",")
            left = self.column(scope, ("int",))
            right = self.column([(alias, table)], ("int",))
            scope.append((alias, table))
            if kind in ("CROSS JOIN", ","):
                text = f"{text} {kind} {table} {alias}" if kind != "," else \
                    f"{text} CROSS JOIN {table} {alias}"
            else:
                extra = "" if kind == "FULL JOIN" or self.random.random() < 0.7 else \
                    f" AND {self.condition(scope[-1:], 0)}"
                text += f" {kind} {table} {alias} ON {left} = {right}{extra}"
        return text, scope

    def select(self, columns=None):
        source, scope = self.source()
        where = f" WHERE {self.condition(scope)}" if self.random.random() < 0.7 else ""
        columns = columns or self.random.randint(1, 3)
        if self.random.random() < 0.35:
            key = self.pick(self.column(scope, ("int", "text", "bool", "date")),
                            self.number(scope, 1))
            aggregates = [self.aggregate(scope) for _ in range(columns)]
            having = f" HAVING {self.aggregate(scope, True)} > 1" if self.random.random() < 0.3 else ""
            if self.random.random() < 0.25:
                return f"SELECT {', '.join(aggregates)} FROM {source}{where}{having}", columns
            return (f"SELECT {key}, {', '.join(aggregates)} FROM {source}{where} "
                    f"GROUP BY {key if not key.lstrip('-').replace('.', '').isdigit() else '1'}"
                    f"{having}", columns + 1)
        items = [self.pick(self.number(scope), self.text(scope),
                           self.column(scope, ("int", "text", "numeric", "bool", "date", "bigint")))
                 for _ in range(columns)]
        if self.random.random() < 0.1:
            items[0] = f"({self.condition(scope)})"
        distinct = self.pick("", "", "", "DISTINCT ")
        return f"SELECT {distinct}{', '.join(items)} FROM {source}{where}", columns

    def aggregate(self, scope, number=False):
        filter_clause = f" FILTER (WHERE {self.condition(scope, 0)})" \
            if self.random.random() < 0.15 else ""
        if number:
            return self.pick("count(*)", f"sum({self.column(scope, ('int',))})")
        return self.pick(
            "count(*)", f"count({self.column(scope, ('int', 'text'))})",
            f"sum({self.number(scope, 1)})", f"avg({self.column(scope, ('int', 'numeric'))})",
            f"min({self.pick(self.number(scope, 1), self.text(scope))})",
            f"max({self.column(scope, ('int', 'text', 'date'))})",
            f"count(DISTINCT {self.column(scope, ('int', 'text', 'numeric'))})",
            f"bool_or({self.condition(scope, 0)})") + filter_clause

    def bound(self, offsets, start):
        """A frame's end and its rank among the ends that may follow it."""
        ranks = (0, 1, 2, 3) if start else (1, 2, 3, 4)
        rank = self.pick(*ranks)
        offset = self.pick(*offsets)
        return rank, ("UNBOUNDED PRECEDING", f"{offset} PRECEDING", "CURRENT ROW",
                      f"{offset} FOLLOWING", "UNBOUNDED FOLLOWING")[rank]

    def frame(self, mode, offsets):
        while True:
            first, start = self.bound(offsets, True)
            last, end = self.bound(offsets, False)
            if first <= last:
                break
        exclude = self.pick("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES",
                            " EXCLUDE NO OTHERS")
        if first <= 2 and self.random.random() < 0.15:
            return f" {mode} {start}{exclude}"
        return f" {mode} BETWEEN {start} AND {end}{exclude}"

    def window_order(self, alias, columns):
        return ", ".join(f"{alias}.{column} {self.pick('', 'DESC', 'NULLS FIRST', 'DESC NULLS LAST', 'ASC')}"
                         for column in columns)

    def window_call(self, alias, table):
        """A call whose result does not depend on how peers are ordered."""
        columns = TABLES[table]
        scope = [(alias, table)]
        key = "id"
        partition = self.pick("", "", self.column(scope, ("int", "text", "date", "bool")),
                              f"{alias}.id % 3", f"{self.column(scope, ('text',))}, {alias}.id % 2")
        over = f"PARTITION BY {partition} " if partition else ""
        counts = ("0", "1", "1", "2", "3", "7")
        if self.random.random() < 0.02:
            counts = ("-1", "NULL")
        number = self.number(scope, 1)
        sums = (f"sum({number})", f"avg({self.column(scope, ('int', 'numeric'))})", "count(*)",
                f"count({self.column(scope, ('int', 'text'))})",
                f"min({self.pick(number, self.column(scope, ('text',)))})",
                f"max({self.column(scope, ('int', 'date', 'text', 'numeric'))})",
                f"bool_or({self.condition(scope, 0)})")
        filtered = f" FILTER (WHERE {self.condition(scope, 0)})" if self.random.random() < 0.2 else ""
        roll = self.random.random()
        if roll < 0.25:
            # By distance: one key, with all its peers.
            column = self.pick(*(name for name, kind in columns.items()
                                 if kind in ("int", "bigint", "numeric", "date")))
            offsets = {"numeric": ("0", "0.25", "1.5", "2"), "bigint": ("0", "1000000007", "5000000000"),
                       "date": ("'1 month'::interval", "'40 days'", "'0 days'", "'2 months 3 hours'")}
            over += "ORDER BY " + self.window_order(alias, [column])
            over += self.frame("RANGE", offsets.get(columns[column], counts))
            return f"{self.pick(*sums)}{filtered} OVER ({over})"
        if roll < 0.5:
            order = self.random.sample(sorted(columns), self.random.randint(1, 2))
            over += "ORDER BY " + self.window_order(alias, order)
            over += self.pick("", self.frame("GROUPS", counts))
            calls = sums + ("rank()", "dense_rank()", "percent_rank()", "cume_dist()")
            call = self.pick(*calls)
            return f"{call}{filtered if call in sums else ''} OVER ({over})"
        if roll < 0.55:
            return f"{self.pick(*sums)}{filtered} OVER ({over})"
        # Everything else needs a full order.
        order = self.random.sample([c for c in sorted(columns) if c != key], self.random.randint(0, 2))
        over += "ORDER BY " + self.window_order(alias, order + [key])
        over += self.pick("", self.frame("ROWS", counts), self.frame("ROWS", counts),
                          self.frame("GROUPS", counts))
        value = self.pick(number, self.text(scope), self.column(scope, ("date", "numeric", "bigint")))
        small = self.pick("1", "2", "3", "0", "NULL", f"{alias}.id % 4", "-1")
        positive = self.pick("1", "2", "3", "NULL", f"{alias}.id % 4 + 1", "0" if roll > 0.99 else "2")
        call = self.pick("row_number()", f"ntile({positive})", f"lag({value})", f"lead({value}, {small})",
                         f"lag({number}, {small}, {self.pick('0', '-1.5', number)})",
                         f"first_value({value})", f"last_value({value})",
                         f"nth_value({value}, {positive})", "rank()",
                         *(call + filtered for call in sums),
                         f"string_agg({self.column(scope, ('text',))}, ',')",
                         f"array_agg({self.column(scope, ('int',))})")
        return f"{call} OVER ({over})"

    def windows(self):
        """SELECT of window functions."""
        alias, table = "t0", self.pick("r", "q")
        scope = [(alias, table)]
        where = f" WHERE {self.condition(scope, 1)}" if self.random.random() < 0.3 else ""
        calls = [self.window_call(alias, table) for _ in range(self.random.randint(1, 3))]
        roll = self.random.random()
        if roll < 0.1:
            group = self.column(scope, ("int", "text", "date"))
            return (f"SELECT {group}, sum(count(*)) OVER (ORDER BY {group}), "
                    f"rank() OVER (ORDER BY count(*) DESC), max(sum({alias}.id)) OVER () "
                    f"FROM {table} {alias}{where} GROUP BY {group}")
        inner = f"SELECT {alias}.id, {', '.join(calls)} FROM {table} {alias}{where}"
        if roll < 0.25:
            names = ", ".join(f"c{i}" for i in range(len(calls)))
            return f"SELECT * FROM ({inner}) z (id, {names}) WHERE {self.pick('id % 3 = 1', 'id > 10', 'c0 IS NOT NULL')}"
        if roll < 0.35:
            return inner.replace("SELECT t0.id", "SELECT DISTINCT t0.id % 5", 1)
        if roll < 0.6:
            order = "1" if calls[0].startswith("array_agg") else \
                self.pick("1", f"{calls[0]}, 1", "2 DESC, 1")
            text = f"{inner} ORDER BY {order}"
            return text + self.pick("", f" LIMIT {self.random.randint(0, 5)}")
        return inner

    def beside(self, scope, alias):
        """Something lateral over the scope, and which columns it has."""
        number = self.column(scope, ("int",))
        text = self.column(scope, ("text",)) if self.random.random() < 0.7 else "'a b'"
        roll = self.random.random()
        if roll < 0.25:
            return f"generate_series({self.pick('0', number)}, {number} % 4) {alias} (g)", "series"
        if roll < 0.45:
            return (f"unnest(string_to_array({text}, 'b'), ARRAY[1, 2]) WITH ORDINALITY "
                    f"{alias} (y, g, o)", "words")
        if roll < 0.55:
            return f"ROWS FROM (string_to_table({text}, ''), generate_series(1, {number} % 3)) " \
                   f"WITH ORDINALITY {alias} (y, g, o)", "words"
        table = self.pick(*TABLES)
        inner = [("z", table)]
        key, other = self.column(inner, ("int",)), self.column(inner, ("text",))
        where = self.pick("", f" WHERE {key} = {number}", f" WHERE {self.condition(inner + scope, 0)}",
                          f" WHERE {key} = {number} AND {self.condition(inner, 0)}")
        if roll < 0.65:
            return f"LATERAL (SELECT count(*)::int, max({other}) FROM {table} z{where}) {alias} (g, y)", \
                   "found"
        if roll < 0.75:
            return f"LATERAL (VALUES ({number}, {text}), (7, NULL)) {alias} (g, y)", "found"
        limit = self.pick("", " ORDER BY 1, 2 LIMIT 2", " ORDER BY 1 DESC, 2 DESC LIMIT 1")
        value = self.pick(key, f"{key} + {number}")
        return f"LATERAL (SELECT {value}, {other} FROM {table} z{where}{limit}) {alias} (g, y)", "found"

    def lateral(self):
        source, scope = self.source()
        for i in range(self.pick(1, 1, 2)):
            text, kind = self.beside(scope, f"l{i}")
            join = self.pick(", ", " CROSS JOIN ", " LEFT JOIN ", " JOIN ")
            if join == ", " and i == 0 and " JOIN " in source:
                join = " CROSS JOIN "
            source += join + text
            scope = scope + [(f"l{i}", kind)]
            if join in (" LEFT JOIN ", " JOIN "):
                source += f" ON {self.pick('true', 'true', self.condition(scope, 0))}"
        where = f" WHERE {self.condition(scope, 1)}" if self.random.random() < 0.5 else ""
        items = [self.column(scope, ("int", "text", "bigint")), self.column(scope[-1:], ("int", "text")),
                 self.number(scope, 1)]
        return f"SELECT {', '.join(items)} FROM {source}{where} ORDER BY 1, 2, 3"

    def series(self):
        source, scope = self.source()
        where = f" WHERE {self.condition(scope, 1)}" if self.random.random() < 0.5 else ""
        number, text = self.column(scope, ("int",)), self.column(scope, ("text",))
        calls = [self.pick(f"generate_series(1, {number} % 4)", "generate_series(1, 2)",
                           f"string_to_table({text}, 'b')", f"generate_series(1, {number} % 3) + {number}",
                           f"generate_series(1, generate_series(1, {number} % 3))")
                 for _ in range(self.pick(1, 1, 2))]
        if self.random.random() < 0.2:
            return (f"SELECT count(*), {calls[0]} FROM {source}{where} GROUP BY 2 ORDER BY 1, 2")
        items = [self.number(scope, 1)] + calls
        order = ", ".join(str(i + 1) for i in range(len(items)))
        limit = self.pick("", "", f" LIMIT {self.random.randint(0, 5)}")
        return f"SELECT {self.pick('', '', 'DISTINCT ')}{', '.join(items)} FROM {source}{where} ORDER BY {order}{limit}"

    def grouping_sets(self):
        source, scope = self.source()
        where = f" WHERE {self.condition(scope, 1)}" if self.random.random() < 0.5 else ""
        a, b = (self.pick(self.column(scope, ("int", "text", "bool", "date")),
                          f"({self.column(scope, ('int',))} % 3)") for _ in range(2))
        group = self.pick(f"ROLLUP ({a}, {b})", f"CUBE ({a}, {b})", f"{a}, ROLLUP ({b})",
                          f"GROUPING SETS ({a}, {b})", f"GROUPING SETS (({a}, {b}), {b}, ())",
                          f"DISTINCT ROLLUP ({a}), ROLLUP ({b}, {a})", f"GROUPING SETS ((), ())")
        keys = [] if group.endswith("((), ())") else [a, b, f"grouping({a}, {b})"]
        items = keys + [self.aggregate(scope)]
        having = f" HAVING {self.aggregate(scope, True)} > 1" if self.random.random() < 0.3 else ""
        order = ", ".join(str(i + 1) for i in range(len(items)))
        return f"SELECT {', '.join(items)} FROM {source}{where} GROUP BY {group}{having} ORDER BY {order}"

    def recursion(self):
        table = self.pick(*TABLES)
        scope = [("z", table)]
        number, text = self.column(scope, ("int",)), self.column(scope, ("text",))
        first = f"SELECT {number}, {self.pick(text + '::text', 'NULL::text')} FROM {table} z"
        other = self.column(scope, ("int",))
        step = self.pick(f"UNION ALL SELECT n + 1, s FROM w WHERE n < {self.random.randint(0, 6)}",
                         f"UNION SELECT {other}, s FROM w JOIN {table} z ON {number} = w.n",
                         f"UNION SELECT (n + {self.random.randint(1, 3)}) % 7, s || 'x' FROM w WHERE length(s) < 4",
                         f"UNION SELECT {other}, w.s FROM w, LATERAL (SELECT {other} FROM {table} z "
                         f"WHERE {number} = w.n ORDER BY 1 LIMIT 1) l ({other.split('.')[1]})"
                         .replace(f"UNION SELECT {other}", f"UNION SELECT l.{other.split('.')[1]}"))
        use = self.pick("SELECT n, s FROM w ORDER BY 1, 2", "SELECT count(*), sum(n) FROM w ORDER BY 1",
                        "SELECT a.n, count(*) FROM w a JOIN w b ON a.n = b.n GROUP BY 1 ORDER BY 1",
                        f"SELECT {number}, (SELECT count(*) FROM w WHERE w.n = {number}) FROM {table} z ORDER BY 1, 2")
        return f"WITH RECURSIVE w (n, s) AS ({first} {step}) {use}"

    def rows_for_rows(self):
        return self.pick(self.lateral, self.lateral, self.series, self.grouping_sets, self.recursion)()

    def query(self):
        roll = self.random.random()
        if self.only == "windows" or (not self.only and self.random.random() < 0.15):
            return self.windows()
        if self.only == "rows" or self.random.random() < 0.15:
            return self.rows_for_rows()
        if roll < 0.12:
            source, scope = self.source()
            item = self.column(scope, ("int",))
            left = f"SELECT {item} FROM {source}"
            source, scope = self.source()
            right = f"SELECT {self.column(scope, ('int',))} FROM {source}"
            kind = self.pick("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT",
                             "EXCEPT ALL")
            return f"{left} {kind} {right}"
        text, columns = self.select()
        if roll < 0.22:
            return f"SELECT count(*) FROM ({text}) z"
        if roll < 0.4:
            order = ", ".join(f"{i + 1} {self.pick('', 'DESC', 'NULLS FIRST', 'DESC NULLS LAST')}"
                              for i in range(columns))
            text += f" ORDER BY {order}"
            if self.random.random() < 0.5:
                text += f" LIMIT {self.random.randint(0, 5)} OFFSET {self.random.randint(0, 3)}"
        return text


def answer(connection, sql):
    """SQLSTATE ("" for success) and rows."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return "", cursor.fetchall()
    except psycopg2.Error as error:
        if error.pgcode is None:
            raise
        return error.pgcode, []
    finally:
        cursor.close()


def plain(value):
    """A number without the zeros at its end: of equal ones, any may stand for a group."""
    if value is None or not re.fullmatch(r"-?\d+\.\d+", value):
        return value
    return value.rstrip("0").rstrip(".")


def same(sql, ours, theirs):
    if ours[0] == "0A000":
        return True
    if ours[0] != theirs[0]:
        # Which row fails first, and whether a failing expression is needed, is the plan's choice.
        failures = ("22012", "22003")
        return ours[0] in failures or theirs[0] in failures
    # Equal numbers of other scales stand in any order.
    if "GROUP BY" in sql or "DISTINCT" in sql or " ORDER BY 1, 2" in sql:
        ours, theirs = [(state, [tuple(map(plain, row)) for row in rows])
                        for state, rows in (ours, theirs)]
    if "ORDER BY" in re.sub(r"OVER \((?:[^()]|\([^()]*\))*\)", "", sql):
        return ours[1] == theirs[1]
    key = lambda row: tuple((value is None, value or "") for value in row)
    return sorted(ours[1], key=key) == sorted(theirs[1], key=key)


def fill(connection, seed):
    for statement in SETUP + list(Generator(seed).rows()):
        adbms_process.run(connection, statement)


def compare(connection, reference, seed, seconds, without="", only=""):
    """Asks for so long; `without`: rewrite rules that are switched off, with commas between."""
    adbms_process.run(connection, f"SET adbms.disabled_rules = '{without}'")
    generator = Generator(seed, only)
    deadline = time.monotonic() + seconds
    asked = refused = failed = 0
    while time.monotonic() < deadline:
        sql = generator.query()
        theirs = answer(reference, sql)
        ours = answer(connection, sql)
        asked += 1
        refused += ours[0] == "0A000"
        if same(sql, ours, theirs):
            continue
        failed += 1
        print(f"{sql}\n  PostgreSQL: {theirs[0]} {theirs[1][:8]}\n  ADBMS:      {ours[0]} {ours[1][:8]}")
    rules = f", without {without}" if without else ""
    print(f"seed {seed}{rules}: {asked} queries, {failed} differ, {refused} not supported")
    return 1 if failed or asked == 0 or refused > asked / 10 else 0


def rule_names(connection):
    """All rules, from the message that refuses what is none."""
    try:
        adbms_process.run(connection, "SET adbms.disabled_rules = 'none_of_them'")
    except psycopg2.Error as error:
        return error.diag.message_hint.removeprefix("Available values: ").rstrip(".").split(", ")
    raise AssertionError("a rule of an unknown name was accepted")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--separate", action="store_true")
    parser.add_argument("--without-rules", action="store_true")
    parser.add_argument("--batch-rows", type=int, default=2048)
    parser.add_argument("--workers", type=int, help="that many for every statement that can")
    parser.add_argument("--windows", dest="only", action="store_const", const="windows", default="")
    parser.add_argument("--rows", dest="only", action="store_const", const="rows")
    arguments = parser.parse_args()
    settings = ["orchestrator.autonomy=observe", f"storage.batch_rows={arguments.batch_rows}"]
    if arguments.workers:
        settings += [f"storage.workers={arguments.workers}", "storage.worker_rows=0"]
    with adbms_process.Cluster(arguments.separate, settings) as cluster, \
            adbms_process.Postgres() as postgres:
        connection, reference = cluster.connect(), postgres.connect()
        for one in (connection, reference):
            fill(one, arguments.seed)
        if not arguments.without_rules:
            return compare(connection, reference, arguments.seed, arguments.seconds,
                           only=arguments.only)
        rules = rule_names(connection)
        seconds = arguments.seconds / (len(rules) + 1)
        return max(compare(connection, reference, arguments.seed + at, seconds, without,
                           arguments.only)
                   for at, without in enumerate(rules + [",".join(rules)]))


if __name__ == "__main__":
    sys.exit(main())
