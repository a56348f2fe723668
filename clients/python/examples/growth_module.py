#!/usr/bin/python3
"""A module of one's own: forecasts how tables grow and how the load goes, and says how long they should be kept.

usage: growth_module.py ADDRESS USER PASSWORD [--step SECONDS] [--season STEPS] [--limit-mib MIB]

Size and load are sampled each step. A forecast is the latest value plus the trend and what the same step of the
season brought (Holt and Winters, additive); its error is what it would have missed in the past, told with it.
Where a table will be larger than the limit within a season, a retention is recommended: deleting is a person's.
"""
import argparse
import statistics
import time

import adbms
from adbms.modules import Finding, Module, Proposal, serve

SIZES = ("SELECT c.oid::bigint, n.nspname || '.' || c.relname, pg_total_relation_size(c.oid) FROM pg_class c "
         "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN "
         "('pg_catalog', 'information_schema', 'adbms')")


class Series:
    """Values, one a step; level, trend and season are smoothed as they come."""

    def __init__(self, season):
        self.season = [0.0] * season
        self.level = self.trend = 0.0
        self.count = 0
        self.misses = []

    def add(self, value):
        place = self.count % len(self.season)
        if self.count == 0:
            self.level = value
        else:
            if self.count > 1:
                self.misses = (self.misses + [abs(value - self.forecast(1))])[-100:]
            before = self.level
            self.level += self.trend + 0.5 * (value - self.season[place] - self.level - self.trend)
            self.trend += 0.3 * (self.level - before - self.trend)
            self.season[place] += 0.2 * (value - self.level - self.season[place])
        self.count += 1

    def forecast(self, steps):
        return self.level + steps * self.trend + self.season[(self.count + steps - 1) % len(self.season)]

    def error(self):
        """What a forecast of one step has missed in the median; None: there is no telling yet."""
        return statistics.median(self.misses) if len(self.misses) >= 3 else None


class Growth(Module):
    name = "growth"
    description = "Forecasts the growth of tables and the load, and recommends retention."
    action_kinds = ("retention",)

    def __init__(self, connection, step, season, limit):
        self.connection, self.step, self.season, self.limit = connection, step, season, limit
        self.tables, self.names = {}, {}
        self.load, self.calls, self.next = Series(season), 0, time.monotonic() + step

    def observe(self, window):
        self.calls += sum(statement.calls for statement in window.statements)
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + self.step
        self.load.add(self.calls / self.step)
        self.calls = 0
        with self.connection.cursor() as cursor:
            cursor.execute(SIZES)
            for table, name, size in cursor.fetchall():
                self.names[table] = name
                self.tables.setdefault(table, Series(self.season)).add(size / 1048576)

    def propose(self, request):
        for table, series in self.tables.items():
            error, then = series.error(), series.forecast(self.season)
            if error is None or then <= self.limit or request.table_ids and table not in request.table_ids:
                continue
            steps = self.limit / series.trend if series.trend > 0 else self.season
            yield Proposal(
                kind="retention", subject=f"retention of {self.names[table]}", table_id=table, refused=True,
                statement=f"-- keep {steps * self.step:.0f} s of {self.names[table]}, delete what is older",
                reason=f"{self.names[table]} will have {then:.1f} MiB in {self.season * self.step:.0f} s "
                       f"(forecasts miss by {error:.2f} MiB a step), more than {self.limit:.0f} MiB; "
                       "deleting rows is a person's to decide")

    def report(self, table_ids):
        if self.load.error() is not None:
            yield Finding(severity="info", text=f"load: {self.load.forecast(1):.1f} statements a second expected "
                                                f"next, give or take {self.load.error():.1f}")
        for table in table_ids:
            series = self.tables.get(table)
            if series is None or series.error() is None:
                continue
            yield Finding(table_id=table, severity="info", text=(
                f"{self.names[table]}: {series.level:.2f} MiB, {series.forecast(self.season):.2f} MiB expected in "
                f"{self.season * self.step:.0f} s; a step's forecast misses by {series.error():.2f} MiB"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--step", type=float, default=3600, help="seconds between samples")
    parser.add_argument("--season", type=int, default=24, help="steps after which the load repeats")
    parser.add_argument("--limit-mib", type=float, default=10240, help="a table is not to become larger")
    options = parser.parse_args()
    with adbms.connect(options.address, options.user, options.password, autocommit=True) as connection:
        growth = Growth(connection, options.step, options.season, options.limit_mib)
        running = serve(growth, options.address, options.user, options.password)
        print(f"growth serves at {running.address}", flush=True)
        running.wait()


if __name__ == "__main__":
    main()
