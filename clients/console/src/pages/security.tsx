// What looked wrong, and who may do what.
import { useMemo, useState } from "react";
import type { Row } from "../api";
import { instant, number, several, when } from "../format";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { useSession } from "../session";

const eventColumns: TableColumn<Row>[] = [
  { key: "at", title: "When", width: "130px", cell: (row) => when(row.at), order: (row) => instant(row.at) },
  { key: "kind", title: "Kind", width: "160px", cell: (row) => <span className="tag warn">{row.kind}</span>, order: (row) => row.kind ?? "" },
  { key: "role", title: "Role", width: "120px", cell: (row) => row.role, order: (row) => row.role ?? "" },
  { key: "score", title: "Score", width: "70px", numeric: true, cell: (row) => number(row.score).toFixed(1), order: (row) => number(row.score) },
  { key: "detail", title: "What", width: "minmax(320px, 3fr)", cell: (row) => <span title={row.detail ?? ""}>{row.detail}</span> },
];

function yes(cell: string | null | undefined): string {
  return cell === "t" ? "yes" : "";
}

const roleColumns: TableColumn<Row>[] = [
  { key: "name", title: "Role", width: "minmax(140px, 1fr)", cell: (row) => row.rolname, order: (row) => row.rolname ?? "" },
  { key: "login", title: "Signs in", width: "80px", cell: (row) => yes(row.rolcanlogin), order: (row) => row.rolcanlogin ?? "" },
  { key: "super", title: "Superuser", width: "90px", cell: (row) => yes(row.rolsuper), order: (row) => row.rolsuper ?? "" },
  { key: "roles", title: "Makes roles", width: "100px", cell: (row) => yes(row.rolcreaterole) },
  { key: "db", title: "Makes databases", width: "140px", cell: (row) => yes(row.rolcreatedb) },
  { key: "bypass", title: "Passes row security", width: "165px", cell: (row) => yes(row.rolbypassrls) },
  { key: "member", title: "Member of", width: "minmax(200px, 2fr)", cell: (row) => row.member_of },
];

function Events(): JSX.Element {
  const { role } = useSession();
  const [wanted, setWanted] = useState("");
  const [kind, setKind] = useState("");
  const events = useQuery("SELECT at, kind, role, score, detail FROM adbms.security_events ORDER BY at DESC LIMIT 5000", 5000);
  const rows = useMemo(() => {
    const text = wanted.toLowerCase();
    return (events.data ?? []).filter(
      (row) => (!kind || row.kind === kind) && (!text || `${row.role} ${row.detail}`.toLowerCase().includes(text)),
    );
  }, [events.data, wanted, kind]);
  const kinds = [...new Set((events.data ?? []).map((row) => row.kind ?? ""))].sort();
  if (events.error) return <Problem error={events.error} role={role} />;
  if (!events.data) return <Loading />;
  return (
    <>
      <div className="bar">
        <h2>{several(rows.length, "event")}</h2>
        <select aria-label="Kind of event" value={kind} onChange={(event) => setKind(event.target.value)}>
          <option value="">All kinds</option>
          {kinds.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <input type="search" aria-label="Events that contain" placeholder="Find…" value={wanted} onChange={(event) => setWanted(event.target.value)} />
      </div>
      <Table label="Security events" columns={eventColumns} rows={rows} rowKey={(row, i) => `${row.at} ${i}`} empty="Nothing has looked wrong." />
    </>
  );
}

export function Security(): JSX.Element {
  const { role } = useSession();
  const roles = useQuery(
    `SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls,
      (SELECT string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid) AS member_of
      FROM pg_roles r ORDER BY r.rolname`,
    10000,
  );
  const head = useQuery("SELECT head FROM adbms.audit_heads", 5000);
  return (
    <>
      <section className="section">
        <Events />
      </section>
      <section className="section card">
        <h2>Audit log</h2>
        {head.error ? (
          <Problem error={head.error} role={role} />
        ) : (
          <>
            <p>
              Logins, denials, changes and what was done by whom are in the file <code>logs/audit.jsonl</code> of the
              security service, which no SQL reads. <code>adbms verify-audit</code> checks its chain of hashes.
            </p>
            {head.data?.[0] && <pre>{head.data[0].head}</pre>}
          </>
        )}
      </section>
      <section className="section">
        <h2>Roles</h2>
        {roles.error ? (
          <Problem error={roles.error} role={role} />
        ) : !roles.data ? (
          <Loading />
        ) : (
          <Table label="Roles" columns={roleColumns} rows={roles.data} rowKey={(row) => row.rolname ?? ""} />
        )}
      </section>
    </>
  );
}
