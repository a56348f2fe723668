// Asks for a statement's plan, and on demand runs it to count its rows.
import { useState } from "react";
import { type Cell, SqlError, query } from "../api";
import { Plan, type PlanDocument, parsePlan } from "./plan";
import { Problem } from "./problem";

/** How many parameters a normalized text has. */
function parametersIn(text: string): number {
  return Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((found) => Number(found[1])));
}

export function Explain({ text }: { text: string }): JSX.Element {
  const wanted = parametersIn(text);
  const [values, setValues] = useState<string[]>(() => Array.from({ length: wanted }, () => ""));
  const [plan, setPlan] = useState<PlanDocument>();
  const [error, setError] = useState<SqlError>();
  const [busy, setBusy] = useState(false);
  const reads = /^\s*(select|values|table|with)\b/i.test(text) && !/\b(insert|update|delete|merge)\b/i.test(text);

  const ask = async (analyze: boolean): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const parameters: Cell[] = values.map((value) => (value === "" ? null : value));
      const rows = await query(`EXPLAIN (FORMAT JSON${analyze ? ", ANALYZE" : ""}) ${text}`, { parameters });
      setPlan(parsePlan(rows.map((row) => row["QUERY PLAN"] ?? "").join("\n")));
    } catch (problem) {
      setPlan(undefined);
      setError(problem instanceof SqlError ? problem : new SqlError({ message: String(problem) }));
    }
    setBusy(false);
  };

  return (
    <div className="section">
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          void ask(false);
        }}
      >
        {values.map((value, i) => (
          <label key={i}>
            ${i + 1}{" "}
            <input
              size={10}
              value={value}
              placeholder="NULL"
              onChange={(event) => setValues(values.map((old, at) => (at === i ? event.target.value : old)))}
            />
          </label>
        ))}
        <button type="submit" disabled={busy}>
          Explain
        </button>
        <button type="button" disabled={busy || !reads} onClick={() => void ask(true)} title={reads ? "Runs the statement" : "Only statements that write nothing are run here"}>
          Run and count
        </button>
      </form>
      {wanted > 0 && !plan && !error && (
        <p className="muted">The text is kept without its constants. Give values for them: the plan depends on them.</p>
      )}
      {error && <Problem error={error} />}
      {plan && <Plan plan={plan} />}
    </div>
  );
}
