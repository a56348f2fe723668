// What the database did and proposes to do, and how much it may do by itself.
import { type ReactNode, useMemo, useState } from "react";
import { type Row, query, setAutonomy } from "../api";
import { number, percent, when } from "../format";
import { State, actionColumns, actionsSql } from "../parts/action_rows";
import { Confirm } from "../parts/dialog";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

const modes: Record<string, string> = {
  off: "does nothing, not even observe",
  observe: "learns and proposes nothing",
  recommend: "proposes; a person approves",
  auto: "acts, verifies, and takes back what did not help",
};

interface Asking {
  title: string;
  body: ReactNode;
  verb: string;
  danger?: boolean;
  act: () => Promise<void>;
}

function Facts({ row }: { row: Row }): JSX.Element {
  const facts: [string, ReactNode][] = [
    ["Why", row.reason],
    ["Statement", <pre key="s">{row.statement}</pre>],
    ["Taken back by", row.undo ? <pre key="u">{row.undo}</pre> : "nothing: it cannot be undone, and need not be"],
    ["Gain", `predicted ${percent(number(row.predicted_gain))}, measured ${percent(number(row.measured_gain))}${row.measure ? ` of ${row.measure}` : ""}`],
    ["Verdict", row.verdict || "not yet"],
    ["Proposed", `${when(row.proposed_at)} by ${row.initiator}`],
    ["Applied", when(row.applied_at)],
    ["Decided", when(row.decided_at)],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Modules({ ask }: { ask: (asking: Asking) => void }): JSX.Element {
  const { role, superuser } = useSession();
  const modules = useQuery("SELECT name, autonomy, description, autonomy_set_by FROM adbms.modules ORDER BY name", 5000);
  if (modules.error) return <Problem error={modules.error} role={role} />;
  if (!modules.data) return <Loading />;
  const change = (name: string, mode: string): void =>
    ask({
      title: mode === "unspecified" ? `Let ${name} follow the configuration?` : `Set ${name} to ${mode}?`,
      body: <p>{mode === "unspecified" ? "It does what orchestrator.autonomy says." : `It then ${modes[mode]}.`}</p>,
      verb: "Change it",
      act: async () => {
        await setAutonomy(name, mode);
        modules.refresh();
      },
    });
  const columns: TableColumn<Row>[] = [
    { key: "name", title: "Module", width: "100px", cell: (row) => row.name },
    {
      key: "autonomy",
      title: "By itself it",
      width: "190px",
      cell: (row) => (
        <select
          aria-label={`What ${row.name} may do by itself`}
          disabled={!superuser}
          value={row.autonomy_set_by === "configuration" ? "unspecified" : row.autonomy ?? ""}
          onChange={(event) => change(row.name!, event.target.value)}
          className="inline"
        >
          <option value="unspecified">
            {row.autonomy_set_by === "configuration" ? `${row.autonomy} (configured)` : "as configured"}
          </option>
          {Object.keys(modes).map((mode) => (
            <option key={mode} value={mode}>
              {mode}
            </option>
          ))}
        </select>
      ),
    },
    { key: "by", title: "Set by", width: "110px", cell: (row) => row.autonomy_set_by },
    { key: "what", title: "What it does", width: "minmax(320px, 3fr)", cell: (row) => row.description },
  ];
  return <Table label="Modules" columns={columns} rows={modules.data} rowKey={(row) => row.name ?? ""} />;
}

export function Actions({ rest }: { rest: string }): JSX.Element {
  const { role, superuser } = useSession();
  const [asking, setAsking] = useState<Asking>();
  const [said, setSaid] = useState("");
  const [module, setModule] = useState("");
  const [state, setState] = useState("");
  const actions = useQuery(actionsSql(10000), 4000);
  const rows = useMemo(
    () => (actions.data ?? []).filter((row) => (!module || row.module === module) && (!state || row.state === state)),
    [actions.data, module, state],
  );
  const kinds = (name: "module" | "state"): string[] =>
    [...new Set((actions.data ?? []).map((row) => row[name] ?? ""))].sort();
  const opened = actions.data?.find((row) => row.id === rest);
  const waiting = (actions.data ?? []).filter((row) => row.state === "proposed");

  const steer = (row: Row, what: "approve" | "revert"): void =>
    setAsking({
      title: what === "approve" ? `Approve action ${row.id}?` : `Take back action ${row.id}?`,
      body: (
        <>
          <p>{row.subject}</p>
          <pre>{what === "approve" ? row.statement : row.undo}</pre>
          {what === "revert" && <p className="muted">The subject is then left alone until the situation has changed.</p>}
        </>
      ),
      verb: what === "approve" ? "Approve it" : "Take it back",
      danger: what === "revert",
      act: async () => {
        const answer = await query(`SELECT adbms.${what}($1) AS answer`, { parameters: [row.id ?? null] });
        setSaid(answer[0]?.answer ?? "");
        actions.refresh();
      },
    });

  const all: Asking = {
    title: "Look at every table now?",
    body: <p>Every module looks at every table, does what it may, and a report is written. That can take minutes.</p>,
    verb: "Look",
    act: async () => {
      const answer = await query("SELECT adbms.run_all_tables() AS answer");
      setSaid(answer.map((row) => row.answer).join(", "));
      actions.refresh();
    },
  };

  return (
    <>
      {asking && (
        <Confirm title={asking.title} verb={asking.verb} danger={asking.danger ?? false} act={asking.act} close={() => setAsking(undefined)}>
          {asking.body}
        </Confirm>
      )}
      <p role="status" className={said ? "note" : "none"} hidden={!said}>
        {said}
      </p>
      <section className="section">
        <div className="bar">
          <h2>Modules</h2>
          {superuser && (
            <button type="button" onClick={() => setAsking(all)}>
              Look at every table now…
            </button>
          )}
        </div>
        <Modules ask={setAsking} />
        {!superuser && <p className="muted">Only superusers change what modules may do, approve and take back.</p>}
      </section>
      <section className="section">
        <div className="bar">
          <h2>Ledger{waiting.length > 0 ? `: ${waiting.length} wait for approval` : ""}</h2>
          <select aria-label="Module" value={module} onChange={(event) => setModule(event.target.value)}>
            <option value="">All modules</option>
            {kinds("module").map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <select aria-label="State" value={state} onChange={(event) => setState(event.target.value)}>
            <option value="">All states</option>
            {kinds("state").map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        {actions.error ? (
          <Problem error={actions.error} role={role} />
        ) : !actions.data ? (
          <Loading />
        ) : (
          <Table
            label="Actions"
            columns={actionColumns}
            rows={rows}
            rowKey={(row) => row.id ?? ""}
            opened={rest || undefined}
            onOpen={(row) => go("actions", row.id === rest ? "" : row.id ?? "")}
            empty="Nothing has been done or proposed."
          />
        )}
      </section>
      {opened && (
        <section className="section card" aria-label={`Action ${opened.id}`}>
          <div className="bar">
            <h2>
              Action {opened.id}: {opened.kind} {opened.subject} <State state={opened.state} />
            </h2>
            {superuser && opened.state === "proposed" && (
              <button type="button" className="primary" onClick={() => steer(opened, "approve")}>
                Approve…
              </button>
            )}
            {superuser && opened.undo && (opened.state === "kept" || opened.state === "verifying") && (
              <button type="button" onClick={() => steer(opened, "revert")}>
                Take back…
              </button>
            )}
          </div>
          <Facts row={opened} />
        </section>
      )}
    </>
  );
}
