// The models that correct estimates: how they did on rows they had not seen, and where prediction
// was not used.
import { useMemo } from "react";
import { type Row, history } from "../api";
import { count, instant, number, when } from "../format";
import { Chart, type Series } from "../parts/chart";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useAnswer, useQuery } from "../parts/use_query";
import { useSession } from "../session";

function error(value: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(value < 10 ? 2 : 0);
}

function tone(state: string | null | undefined): string {
  return state === "live" ? "good" : state === "refused" || state === "off" ? "bad" : "";
}

const columns: TableColumn<Row>[] = [
  { key: "model", title: "Model", width: "minmax(130px, 1fr)", cell: (row) => `${row.name} ${row.version}`, order: (row) => number(row.version) },
  { key: "state", title: "State", width: "90px", cell: (row) => <span className={`tag ${tone(row.state)}`}>{row.state}</span>, order: (row) => row.state ?? "" },
  { key: "trained", title: "Trained", width: "130px", cell: (row) => when(row.trained_at), order: (row) => instant(row.trained_at) },
  { key: "rows", title: "Learned from", width: "110px", numeric: true, cell: (row) => count(number(row.training_rows)), order: (row) => number(row.training_rows) },
  { key: "held", title: "Tested on", width: "90px", numeric: true, cell: (row) => count(number(row.holdout_rows)), order: (row) => number(row.holdout_rows) },
  { key: "without", title: "Error without", width: "110px", numeric: true, cell: (row) => error(number(row.q_error_uncorrected)), order: (row) => number(row.q_error_uncorrected) },
  { key: "with", title: "With", width: "80px", numeric: true, cell: (row) => error(number(row.q_error_corrected)), order: (row) => number(row.q_error_corrected) },
  { key: "why", title: "Why", width: "minmax(200px, 3fr)", cell: (row) => <span title={row.reason ?? ""}>{row.reason}</span> },
];

const errors: Series[] = [
  { label: "Error without the model", color: "--series-2", format: error },
  { label: "Error with it", color: "--series-1", format: error },
];

const restrictions: [string, string][] = [
  ["multiStatement", "several statements in one string"],
  ["schemaChanged", "the transaction had changed the schema"],
  ["outOfReach", "the optimizer was not in reach"],
];

function Restricted(): JSX.Element {
  const { role } = useSession();
  const figures = useAnswer((signal) => history(Date.now(), signal), 5000, "totals");
  if (figures.error) return <Problem error={figures.error} role={role} />;
  if (!figures.data) return <Loading />;
  const { totals } = figures.data;
  return (
    <dl className="facts">
      <dt>In all</dt>
      <dd>{count(totals.defaultPlans ?? 0)} plans</dd>
      {restrictions.map(([name, why]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{count(totals[name] ?? 0)}</dt>
          <dd>because {why}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Optimizer(): JSX.Element {
  const { role } = useSession();
  const models = useQuery(
    `SELECT name, version, state, trained_at, training_rows, holdout_rows, q_error_uncorrected, q_error_corrected, reason
      FROM adbms.models ORDER BY version DESC LIMIT 1000`,
    5000,
  );
  const calibration = useMemo(() => {
    const rows = (models.data ?? []).filter((row) => row.trained_at).reverse();
    return [
      rows.map((row) => instant(row.trained_at) / 1000),
      rows.map((row) => number(row.q_error_uncorrected)),
      rows.map((row) => number(row.q_error_corrected)),
    ];
  }, [models.data]);
  return (
    <>
      <section className="section">
        <h2>Models</h2>
        {models.error ? (
          <Problem error={models.error} role={role} />
        ) : !models.data ? (
          <Loading />
        ) : (
          <>
            {calibration[0]!.length > 1 && (
              <div className="card">
                <Chart label="Error of estimates on rows that were held back" data={calibration} series={errors} height={160} />
              </div>
            )}
            <Table label="Models" columns={columns} rows={models.data} rowKey={(row) => `${row.name} ${row.version}`} empty="No model has been trained yet." />
            <p className="muted">
              The error is how many times too high or too low the rows were estimated (q-error; 1 is exact), on statements
              that the model was not trained on. A model that does no better is refused.
            </p>
          </>
        )}
      </section>
      <section className="section card">
        <h2>Plans made without prediction</h2>
        <Restricted />
      </section>
    </>
  );
}
