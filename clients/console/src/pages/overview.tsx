// How much is done, how fast, and what the database has done to itself meanwhile.
import { useEffect, useMemo, useRef, useState } from "react";
import { type History, history } from "../api";
import { count, instant, milliseconds, number, rate, when } from "../format";
import { actionColumns, actionsSql, toneOf } from "../parts/action_rows";
import { Chart, type Mark, type Series } from "../parts/chart";
import { Loading, Nothing, Problem } from "../parts/problem";
import { Table } from "../parts/table";
import { useAnswer, useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

const throughput: Series[] = [
  { label: "Statements a second", color: "--series-1", format: rate, fill: true },
  { label: "Failed a second", color: "--bad", format: rate },
];
const latency: Series[] = [
  { label: "Half within", color: "--series-1", format: milliseconds },
  { label: "95 % within", color: "--series-2", format: milliseconds },
  { label: "99 % within", color: "--series-3", format: milliseconds },
];
const ranges = [
  { label: "5 min", seconds: 300 },
  { label: "15 min", seconds: 900 },
  { label: "1 h", seconds: 3600 },
];

interface Figures {
  points: (number | null)[][];
  columns: string[];
}

/** The gateway's hour, of which only what is new is asked for. */
function useHistory(): { figures: Figures | undefined; error: ReturnType<typeof useAnswer<History>>["error"] } {
  const kept = useRef<Figures>({ points: [], columns: [] });
  const [figures, setFigures] = useState<Figures>();
  const since = (): number => kept.current.points.at(-1)?.[0] ?? 0;
  const { data, error } = useAnswer((signal) => history(since(), signal), 2000, "history");
  useEffect(() => {
    if (!data) return;
    const fresh = data.points.filter((point) => (point[0] ?? 0) > since());
    kept.current = { columns: data.columns, points: [...kept.current.points, ...fresh].slice(-1800) };
    setFigures(kept.current);
  }, [data]);
  return { figures, error };
}

function Figure({ label, value }: { label: string; value: string }): JSX.Element {
  return (
    <div className="card figure">
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Overview(): JSX.Element {
  const { role } = useSession();
  const [seconds, setSeconds] = useState(300);
  const { figures, error } = useHistory();
  const actions = useQuery(actionsSql(200), 3000);

  const shown = useMemo(() => {
    if (!figures) return undefined;
    const column = (name: string): (number | null)[] => {
      const at = figures.columns.indexOf(name);
      return figures.points.map((point) => point[at] ?? null);
    };
    const times = column("at").map((at) => (at ?? 0) / 1000);
    return {
      throughput: [times, column("statements"), column("failed")],
      latency: [times, column("p50"), column("p95"), column("p99")],
      last: Object.fromEntries(figures.columns.map((name, i) => [name, figures.points.at(-1)?.[i] ?? Number.NaN])),
      end: times.at(-1) ?? Date.now() / 1000,
    };
  }, [figures]);

  const marks = useMemo<Mark[]>(
    () =>
      (actions.data ?? [])
        .filter((row) => row.applied_at)
        .map((row) => ({
          at: instant(row.applied_at) / 1000,
          label: `${row.kind} ${row.subject}`,
          tone: toneOf(row.state) === "good" ? "good" : toneOf(row.state) === "bad" ? "bad" : "muted",
        })),
    [actions.data],
  );
  const range = useMemo<[number, number]>(() => [(shown?.end ?? 0) - seconds, shown?.end ?? 1], [shown, seconds]);
  const recent = (actions.data ?? []).filter((row) => instant(row.proposed_at) / 1000 > range[0]);

  return (
    <>
      {error ? (
        <Problem error={error} role={role} />
      ) : !shown ? (
        <Loading />
      ) : (
        <>
          <dl className="figures" aria-label="Now">
            <Figure label="Statements a second" value={rate(shown.last.statements ?? Number.NaN)} />
            <Figure label="95 % within" value={milliseconds(shown.last.p95 ?? Number.NaN)} />
            <Figure label="Failed a second" value={rate(shown.last.failed ?? Number.NaN)} />
            <Figure label="Rows a second" value={rate(shown.last.rows ?? Number.NaN)} />
            <Figure label="Connections" value={count(shown.last.sessions ?? Number.NaN)} />
          </dl>
          <section className="section">
            <div className="bar">
              <h2>Load</h2>
              <div className="chips" role="group" aria-label="Time shown">
                {ranges.map((one) => (
                  <button
                    key={one.seconds}
                    type="button"
                    aria-pressed={seconds === one.seconds}
                    onClick={() => setSeconds(one.seconds)}
                  >
                    {one.label}
                  </button>
                ))}
              </div>
            </div>
            <div className="card">
              <Chart label="Statements a second over time" data={shown.throughput} series={throughput} marks={marks} group="overview" range={range} />
            </div>
            <div className="card">
              <Chart label="Latency over time" data={shown.latency} series={latency} marks={marks} group="overview" range={range} />
            </div>
            <p className="muted">
              Dashed lines are what the database did by itself: green what it kept, red what it took back. The figures are
              those of this gateway since {when(new Date((shown.throughput[0]![0] ?? 0) * 1000).toISOString())}, at most an hour.
            </p>
          </section>
        </>
      )}
      <section className="section">
        <h2>Done in this time</h2>
        {actions.error ? (
          <Problem error={actions.error} role={role} />
        ) : !actions.data ? (
          <Loading />
        ) : recent.length === 0 ? (
          <Nothing>Nothing in the time shown.</Nothing>
        ) : (
          <Table
            label="Actions in the time shown"
            columns={actionColumns}
            rows={recent}
            rowKey={(row) => String(number(row.id))}
            onOpen={(row) => go("actions", row.id ?? "")}
            height={320}
          />
        )}
      </section>
    </>
  );
}
