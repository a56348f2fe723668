// What is run, by the time it takes, and how each statement has fared since the page was opened.
import { useEffect, useMemo, useRef, useState } from "react";
import type { Row } from "../api";
import { count, instant, milliseconds, number, percent, rate, several, when } from "../format";
import { actionColumns, actionsSql } from "../parts/action_rows";
import { Chart, type Series } from "../parts/chart";
import { Explain } from "../parts/explain";
import { Loading, Nothing, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

const everyMs = 3000;
const kept = 600;

/** Calls and time of statements, as they were at moments since the page was opened. */
interface Moment {
  at: number;
  calls: number;
  totalMs: number;
}
const moments = new Map<string, Moment[]>();

function remember(rows: Row[]): void {
  const at = Date.now() / 1000;
  for (const row of rows) {
    const list = moments.get(row.fingerprint!) ?? [];
    const calls = number(row.calls);
    // What has not been called since has nothing to tell but that.
    if (list.length >= 2 && list.at(-1)!.calls === calls && list.at(-2)!.calls === calls) list.pop();
    list.push({ at, calls, totalMs: number(row.total_ms) });
    if (list.length > kept) list.shift();
    moments.set(row.fingerprint!, list);
  }
}

const calls: Series[] = [{ label: "Calls a second", color: "--series-1", format: rate, fill: true }];
const means: Series[] = [{ label: "Mean time", color: "--series-2", format: milliseconds }];

function Since({ fingerprint, seen }: { fingerprint: string; seen: Row[] | undefined }): JSX.Element {
  const data = useMemo(() => {
    const list = moments.get(fingerprint) ?? [];
    const steps = list.slice(1).map((moment, i) => {
      const before = list[i]!;
      const made = moment.calls - before.calls;
      return {
        at: moment.at,
        rate: made / Math.max(moment.at - before.at, 0.001),
        mean: made > 0 ? (moment.totalMs - before.totalMs) / made : null,
      };
    });
    const times = steps.map((step) => step.at);
    return { calls: [times, steps.map((step) => step.rate)], means: [times, steps.map((step) => step.mean)] };
    // Anew with every answer.
  }, [fingerprint, seen]);
  if (data.calls[0]!.length < 2) return <p className="muted">Its history begins now, while this page is open.</p>;
  return (
    <div className="columns">
      <Chart label="Calls a second since the page was opened" data={data.calls} series={calls} height={140} group="statement" />
      <Chart label="Mean time since the page was opened" data={data.means} series={means} height={140} group="statement" />
    </div>
  );
}

function Detail({ row, rows }: { row: Row; rows: Row[] | undefined }): JSX.Element {
  const touching = useQuery(actionsSql(50, "WHERE strpos(affected, $1) > 0"), 5000, [row.fingerprint!]);
  return (
    <section className="section card" aria-label="Statement">
      <h2>Statement {row.fingerprint}</h2>
      <pre>{row.statement}</pre>
      <dl className="facts">
        <dt>Called</dt>
        <dd>
          {count(number(row.calls))} times, {count(number(row.errors))} of them failed, last {when(row.last_seen)}
        </dd>
        <dt>Time</dt>
        <dd>
          {milliseconds(number(row.total_ms))} in all, {milliseconds(number(row.mean_ms))} on average,{" "}
          {milliseconds(number(row.max_ms))} at most
        </dd>
        <dt>Rows</dt>
        <dd>
          {count(number(row.rows))} returned or changed, {count(number(row.rows_scanned))} read
        </dd>
      </dl>
      <h2>Since this page was opened</h2>
      <Since fingerprint={row.fingerprint!} seen={rows} />
      <h2>Plan</h2>
      <Explain key={row.fingerprint} text={row.statement ?? ""} />
      <h2>What was done for it</h2>
      {touching.error ? (
        <Problem error={touching.error} />
      ) : touching.data?.length ? (
        <Table label="Actions for the statement" columns={actionColumns} rows={touching.data} rowKey={(one) => one.id ?? ""} onOpen={(one) => go("actions", one.id ?? "")} height={220} />
      ) : (
        <Nothing>Nothing.</Nothing>
      )}
    </section>
  );
}

export function Statements({ rest }: { rest: string }): JSX.Element {
  const { role } = useSession();
  const [wanted, setWanted] = useState("");
  const [own, setOwn] = useState(false);
  const detail = useRef<HTMLDivElement>(null);
  const statements = useQuery(
    `SELECT fingerprint, statement, calls, errors, total_ms, mean_ms, max_ms, rows, rows_scanned, last_seen
      FROM adbms.statements ORDER BY total_ms DESC LIMIT 10000`,
    everyMs,
  );
  useEffect(() => {
    if (statements.data) remember(statements.data);
  }, [statements.data]);

  const { rows, all } = useMemo(() => {
    const text = wanted.toLowerCase();
    const shown = (statements.data ?? []).filter(
      (row) =>
        (own || !/\badbms\.|\bpg_catalog\.|\bpg_attribute\b/.test(row.statement ?? "")) &&
        (!text || row.statement?.toLowerCase().includes(text)),
    );
    return { rows: shown, all: shown.reduce((sum, row) => sum + number(row.total_ms), 0) };
  }, [statements.data, wanted, own]);

  const columns = useMemo<TableColumn<Row>[]>(
    () => [
      { key: "text", title: "Statement", width: "minmax(280px, 4fr)", cell: (row) => <span className="mono" title={row.statement ?? ""}>{row.statement}</span>, order: (row) => row.statement ?? "" },
      { key: "total", title: "Time", width: "80px", numeric: true, cell: (row) => milliseconds(number(row.total_ms)), order: (row) => number(row.total_ms) },
      { key: "share", title: "Share", width: "60px", numeric: true, cell: (row) => percent(number(row.total_ms) / all) },
      { key: "calls", title: "Calls", width: "80px", numeric: true, cell: (row) => count(number(row.calls)), order: (row) => number(row.calls) },
      { key: "mean", title: "Mean", width: "80px", numeric: true, cell: (row) => milliseconds(number(row.mean_ms)), order: (row) => number(row.mean_ms) },
      { key: "max", title: "Most", width: "80px", numeric: true, cell: (row) => milliseconds(number(row.max_ms)), order: (row) => number(row.max_ms) },
      { key: "rows", title: "Rows", width: "80px", numeric: true, cell: (row) => count(number(row.rows)), order: (row) => number(row.rows) },
      { key: "errors", title: "Failed", width: "60px", numeric: true, cell: (row) => count(number(row.errors)), order: (row) => number(row.errors) },
      { key: "seen", title: "Last", width: "130px", cell: (row) => when(row.last_seen), order: (row) => instant(row.last_seen) },
    ],
    [all],
  );

  const opened = statements.data?.find((row) => row.fingerprint === rest);
  useEffect(() => {
    if (opened) detail.current?.scrollIntoView({ block: "start" });
  }, [opened?.fingerprint]);
  if (statements.error) return <Problem error={statements.error} role={role} />;
  if (!statements.data) return <Loading />;
  return (
    <>
      <div className="bar">
        <h2>
          {several(rows.length, "statement")}, {milliseconds(all)}
        </h2>
        <input type="search" aria-label="Statements that contain" placeholder="Find…" value={wanted} onChange={(event) => setWanted(event.target.value)} />
        <label>
          <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} /> about the system
        </label>
      </div>
      <Table
        label="Statements by time"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.fingerprint ?? ""}
        sort={{ key: "total", descending: true }}
        opened={rest || undefined}
        onOpen={(row) => go("statements", row.fingerprint === rest ? "" : row.fingerprint ?? "")}
        empty="No statement has been recorded yet."
      />
      <div ref={detail}>{opened && <Detail row={opened} rows={statements.data} />}</div>
    </>
  );
}
