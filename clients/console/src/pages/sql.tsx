// Runs SQL: results as they come, cancelled on demand, in a session that keeps its transaction.
import type { SQLNamespace } from "@codemirror/lang-sql";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Cells, type Column, type Report, SqlError, cancel, run } from "../api";
import { count, milliseconds } from "../format";
import { Editor, type EditorHandle } from "../parts/editor";
import { Plan, parsePlan } from "../parts/plan";
import { Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";

interface Result {
  columns: Column[];
  rows: Cells[];
  tag: string | undefined;
  truncated: boolean;
}

interface Outcome {
  results: Result[];
  notices: Report[];
  error: SqlError | undefined;
  ms: number | undefined;
}

interface Past {
  sql: string;
  at: number;
  ms: number | undefined;
  failed: boolean;
}

const draftKey = "adbms.sql.draft";
const pastKey = "adbms.sql.history";
const most = 200;
const home = "adbms";
/** Of this tab: two tabs are two sessions. */
const session = `tab-${crypto.randomUUID?.() ?? String(Math.random())}`;

function past(): Past[] {
  try {
    return JSON.parse(sessionStorage.getItem(pastKey) ?? "[]");
  } catch {
    return [];
  }
}

/** Names for completion: schemas, tables, columns. */
function useNames(database: string): SQLNamespace {
  const names = useQuery(
    `SELECT n.nspname, c.relname, string_agg(a.attname, ',' ORDER BY a.attnum) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        AND n.nspname NOT IN ('information_schema') GROUP BY 1, 2 LIMIT 5000`,
    0,
    [],
    database,
  );
  return useMemo(() => {
    const all: Record<string, string[]> = {};
    for (const row of names.data ?? []) {
      const columns = (row.columns ?? "").split(",");
      if (row.nspname === "public") all[row.relname!] = columns;
      all[`${row.nspname}.${row.relname}`] = columns;
    }
    return all;
  }, [names.data]);
}

const numericTypes = /^(smallint|integer|bigint|real|double precision|numeric|oid)/;

function ResultTable({ result }: { result: Result }): JSX.Element {
  const columns = useMemo<TableColumn<Cells>[]>(
    () =>
      result.columns.map((column, i) => ({
        key: String(i),
        title: column.name,
        width: numericTypes.test(column.type) ? "minmax(90px, 1fr)" : "minmax(140px, 2fr)",
        numeric: numericTypes.test(column.type),
        cell: (row) => (row[i] === null ? <span className="muted">NULL</span> : <span title={row[i]}>{row[i]}</span>),
        order: (row) => {
          const cell = row[i] ?? null;
          return numericTypes.test(column.type) ? (cell === null ? Number.NaN : Number(cell)) : cell ?? "";
        },
      })),
    [result.columns],
  );
  if (result.columns.length === 1 && result.columns[0]!.name === "QUERY PLAN") {
    const text = result.rows.map((row) => row[0] ?? "").join("\n");
    if (result.tag !== undefined && text.trimStart().startsWith("[")) {
      const plan = parsePlan(text);
      if (plan) return <Plan plan={plan} />;
    }
    return <pre>{text}</pre>;
  }
  return <Table label="Result" columns={columns} rows={result.rows} rowKey={(_, i) => String(i)} height={480} empty="No rows." />;
}

const transactions: Record<string, string> = {
  I: "",
  T: "A transaction is open: COMMIT or ROLLBACK ends it; it is rolled back after five idle minutes.",
  E: "The transaction has failed: ROLLBACK ends it.",
};

export default function Sql(): JSX.Element {
  const [database, setDatabase] = useState(home);
  const names = useNames(database);
  const databases = useQuery("SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname");
  const editor = useRef<EditorHandle>();
  const stop = useRef<AbortController>();
  const [running, setRunning] = useState<string>();
  const [outcome, setOutcome] = useState<Outcome>();
  const [transaction, setTransaction] = useState("I");
  const [limit, setLimit] = useState(1000);
  const [timeout, setTimeout] = useState(0);
  const [history, setHistory] = useState<Past[]>(past);

  useEffect(() => () => stop.current?.abort(), []);

  const start = async (): Promise<void> => {
    const text = editor.current?.text();
    if (!text || running || !text.sql.trim()) return;
    const query = String(Date.now());
    const now: Outcome = { results: [], notices: [], error: undefined, ms: undefined };
    let shown = 0;
    // A fast result is not drawn for each of its pages.
    const show = (always: boolean): void => {
      if (!always && performance.now() - shown < 100) return;
      shown = performance.now();
      setOutcome({ ...now, results: now.results.map((result) => ({ ...result })) });
    };
    stop.current = new AbortController();
    setRunning(query);
    editor.current?.mark(0, undefined, "");
    show(true);
    try {
      await run(
        text.sql,
        { session: `${session}-${database}`, database, query, maxRows: limit, timeoutMs: timeout * 1000, signal: stop.current.signal },
        {
          columns: (columns) => now.results.push({ columns, rows: [], tag: undefined, truncated: false }),
          rows: (rows) => {
            const result = now.results.at(-1);
            if (result) result.rows = result.rows.concat(rows);
            show(false);
          },
          complete: (tag, truncated) => {
            const last = now.results.at(-1);
            if (last && last.tag === undefined) Object.assign(last, { tag, truncated });
            else now.results.push({ columns: [], rows: [], tag, truncated });
            show(false);
          },
          notice: (notice) => now.notices.push(notice),
          end: (state, ms) => {
            now.ms = ms;
            setTransaction(state);
          },
        },
      );
    } catch (problem) {
      if (problem instanceof DOMException && problem.name === "AbortError") return;
      now.error = problem instanceof SqlError ? problem : new SqlError({ message: String(problem) });
      editor.current?.mark(text.from, now.error.position, now.error.message);
    }
    show(true);
    setRunning(undefined);
    setHistory((before) => {
      const entry: Past = { sql: text.sql, at: Date.now(), ms: now.ms, failed: now.error !== undefined };
      const after = [entry, ...before.filter((one) => one.sql !== text.sql)].slice(0, most);
      sessionStorage.setItem(pastKey, JSON.stringify(after));
      return after;
    });
  };

  return (
    <>
      <Editor
        initial={sessionStorage.getItem(draftKey) ?? ""}
        names={names}
        handle={editor}
        onRun={() => void start()}
        onChange={(text) => sessionStorage.setItem(draftKey, text)}
      />
      <div className="bar">
        <button type="button" className="primary" disabled={running !== undefined} onClick={() => void start()}>
          Run <span className="muted-on">(Ctrl+Enter)</span>
        </button>
        <button type="button" disabled={running === undefined} onClick={() => running && void cancel(running)}>
          Cancel
        </button>
        {(databases.data?.length ?? 0) > 1 && (
          <label>
            Database{" "}
            <select
              value={database}
              disabled={running !== undefined}
              onChange={(event) => {
                setDatabase(event.target.value);
                setTransaction("I");
              }}
            >
              {databases.data!.map((row) => (
                <option key={row.datname}>{row.datname}</option>
              ))}
            </select>
          </label>
        )}
        <label>
          Rows{" "}
          <select value={limit} onChange={(event) => setLimit(Number(event.target.value))}>
            <option value={1000}>1,000</option>
            <option value={10000}>10,000</option>
            <option value={100000}>100,000</option>
          </select>
        </label>
        <label>
          Time{" "}
          <select value={timeout} onChange={(event) => setTimeout(Number(event.target.value))}>
            <option value={0}>no limit</option>
            <option value={10}>10 s</option>
            <option value={60}>1 min</option>
            <option value={600}>10 min</option>
          </select>
        </label>
        <span role="status">
          {running
            ? `Running… ${count(outcome?.results.reduce((sum, one) => sum + one.rows.length, 0) ?? 0)} rows`
            : outcome?.ms !== undefined && milliseconds(outcome.ms)}
        </span>
      </div>
      {transactions[transaction] && <p className="note">{transactions[transaction]}</p>}
      <div className="results">
        {outcome?.notices.map((notice, i) => (
          <p key={i} className="note">
            <strong>{notice.severity}</strong> {notice.message} {notice.hint}
          </p>
        ))}
        {outcome?.results.map((result, i) => (
          <section key={i} className="section" aria-label={`Result ${i + 1}`}>
            {result.columns.length > 0 && <ResultTable result={result} />}
            {result.tag !== undefined && (
              <p className="muted">
                {result.tag || "Nothing to run."}
                {result.truncated && ` — more rows are left; the limit is ${count(limit)}.`}
              </p>
            )}
          </section>
        ))}
        {outcome?.error && <Problem error={outcome.error} />}
      </div>
      {history.length > 0 && (
        <section className="section">
          <h2>Run before</h2>
          <ul className="history card" aria-label="Statements run before">
            {history.map((one) => (
              <li key={one.at}>
                <button type="button" className="mono" title={one.sql} onClick={() => editor.current?.set(one.sql)}>
                  {one.failed ? "✗ " : ""}
                  {one.sql.replace(/\s+/g, " ")}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
