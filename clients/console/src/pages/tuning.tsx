// Knobs: what they are, how they moved, what came of it.
import { useMemo } from "react";
import type { Row } from "../api";
import { bytes, count, instant, milliseconds, number, percent, when } from "../format";
import { State, actionsSql } from "../parts/action_rows";
import { Chart, type Series } from "../parts/chart";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

function valueIn(unit: string | null | undefined): (value: number) => string {
  if (unit === "milliseconds") return milliseconds;
  return unit === "bytes" ? bytes : (value) => (unit ? `${count(value)} ${unit}` : count(value));
}

const knobColumns: TableColumn<Row>[] = [
  { key: "name", title: "Knob", width: "minmax(220px, 1fr)", cell: (row) => <code>{row.name}</code>, order: (row) => row.name ?? "" },
  { key: "value", title: "Value", width: "130px", numeric: true, cell: (row) => valueIn(row.unit)(number(row.value)) },
  { key: "default", title: "At the start", width: "130px", numeric: true, cell: (row) => valueIn(row.unit)(number(row.default_value)) },
  { key: "what", title: "What it is", width: "minmax(320px, 3fr)", cell: (row) => <span title={row.description ?? ""}>{row.description}</span> },
];

function Line({ knob, moves }: { knob: Row; moves: Row[] }): JSX.Element {
  const format = valueIn(knob.unit);
  const { data, series } = useMemo(() => {
    const first = moves[0]!;
    const times = [instant(first.at) / 1000 - 60, ...moves.map((row) => instant(row.at) / 1000), Date.now() / 1000];
    const values = [number(first.old_value), ...moves.map((row) => number(row.new_value)), number(moves.at(-1)!.new_value)];
    const line: Series[] = [{ label: knob.name ?? "", color: "--series-1", format, fill: true, stepped: true }];
    return { data: [times, values], series: line };
  }, [moves, knob.name, knob.unit]);
  return (
    <div className="card">
      <h2>{knob.name}</h2>
      <Chart label={`${knob.name} over time`} data={data} series={series} height={150} group="knobs" />
    </div>
  );
}

export function Tuning(): JSX.Element {
  const { role } = useSession();
  const knobs = useQuery("SELECT name, value, default_value, unit, description FROM adbms.knobs ORDER BY name", 5000);
  const moves = useQuery("SELECT at, knob, old_value, new_value, action_id, reason FROM adbms.knob_history ORDER BY at LIMIT 5000", 5000);
  const actions = useQuery(actionsSql(1000, "WHERE module = 'tuner'"), 5000);
  const effects = useMemo(() => new Map((actions.data ?? []).map((row) => [row.id, row])), [actions.data]);
  const moveColumns = useMemo<TableColumn<Row>[]>(
    () => [
      { key: "at", title: "When", width: "130px", cell: (row) => when(row.at), order: (row) => instant(row.at) },
      { key: "knob", title: "Knob", width: "minmax(180px, 1fr)", cell: (row) => <code>{row.knob}</code>, order: (row) => row.knob ?? "" },
      { key: "from", title: "From", width: "100px", numeric: true, cell: (row) => valueIn(knobs.data?.find((one) => one.name === row.knob)?.unit)(number(row.old_value)) },
      { key: "to", title: "To", width: "100px", numeric: true, cell: (row) => valueIn(knobs.data?.find((one) => one.name === row.knob)?.unit)(number(row.new_value)) },
      { key: "gain", title: "Gain", width: "70px", numeric: true, cell: (row) => percent(number(effects.get(row.action_id)?.measured_gain)) },
      { key: "state", title: "Then", width: "90px", cell: (row) => (effects.has(row.action_id) ? <State state={effects.get(row.action_id)!.state} /> : "–") },
      { key: "why", title: "Why", width: "minmax(280px, 3fr)", cell: (row) => <span title={row.reason ?? ""}>{row.reason}</span> },
    ],
    [effects, knobs.data],
  );
  if (knobs.error) return <Problem error={knobs.error} role={role} />;
  if (!knobs.data) return <Loading />;
  const moved = knobs.data
    .map((knob) => ({ knob, moves: (moves.data ?? []).filter((row) => row.knob === knob.name) }))
    .filter((one) => one.moves.length > 0);
  return (
    <>
      <section className="section">
        <h2>Now</h2>
        <Table label="Knobs" columns={knobColumns} rows={knobs.data} rowKey={(row) => row.name ?? ""} height={600} />
      </section>
      <section className="section">
        <h2>Over time</h2>
        {moves.error ? (
          <Problem error={moves.error} role={role} />
        ) : !moves.data ? (
          <Loading />
        ) : (
          <>
            {moved.length > 0 && (
              <div className="columns">
                {moved.map((one) => (
                  <Line key={one.knob.name} knob={one.knob} moves={one.moves} />
                ))}
              </div>
            )}
            <Table
              label="Changes of knobs"
              columns={moveColumns}
              rows={moves.data}
              rowKey={(row, i) => `${row.at} ${row.knob} ${i}`}
              sort={{ key: "at", descending: true }}
              onOpen={(row) => go("actions", row.action_id ?? "")}
              empty="No knob has been moved yet."
            />
          </>
        )}
      </section>
    </>
  );
}
