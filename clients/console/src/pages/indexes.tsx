// Which indexes there are, what they cost and serve, who made them and why.
import { useMemo, useState } from "react";
import type { Row } from "../api";
import { bytes, count, instant, number, several, when } from "../format";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

const columns: TableColumn<Row>[] = [
  { key: "name", title: "Index", width: "minmax(220px, 2fr)", cell: (row) => <span title={row.index_name ?? ""}>{row.index_name}</span>, order: (row) => row.index_name ?? "" },
  { key: "table", title: "Table", width: "minmax(120px, 1fr)", cell: (row) => `${row.schema_name === "public" ? "" : `${row.schema_name}.`}${row.table_name}`, order: (row) => row.table_name ?? "" },
  { key: "by", title: "Made by", width: "90px", cell: (row) => <span className={row.created_by === "indexer" ? "tag good" : "tag"}>{row.created_by}</span>, order: (row) => row.created_by ?? "" },
  { key: "scans", title: "Scans", width: "80px", numeric: true, cell: (row) => count(number(row.scans)), order: (row) => number(row.scans) },
  { key: "read", title: "Entries read", width: "100px", numeric: true, cell: (row) => count(number(row.entries_read)), order: (row) => number(row.entries_read) },
  { key: "written", title: "Written", width: "80px", numeric: true, cell: (row) => count(number(row.entries_written)), order: (row) => number(row.entries_written) },
  { key: "size", title: "Size", width: "80px", numeric: true, cell: (row) => bytes(number(row.size_bytes)), order: (row) => number(row.size_bytes) },
  { key: "last", title: "Last scan", width: "130px", cell: (row) => when(row.last_scan), order: (row) => instant(row.last_scan) },
];

export function Indexes({ rest }: { rest: string }): JSX.Element {
  const { role } = useSession();
  const [own, setOwn] = useState(false);
  const indexes = useQuery(
    `SELECT index_id, table_id, schema_name, table_name, index_name, is_unique, is_constraint, created_by, scans,
      entries_read, entries_written, size_bytes, last_scan FROM adbms.index_usage ORDER BY scans DESC`,
    5000,
  );
  const made = useQuery(
    "SELECT id, statement, reason, verdict FROM adbms.actions WHERE kind = 'create_index' AND state IN ('kept', 'verifying') ORDER BY id",
    10000,
  );
  const rows = useMemo(
    () => (indexes.data ?? []).filter((row) => !own || row.created_by === "indexer"),
    [indexes.data, own],
  );
  if (indexes.error) return <Problem error={indexes.error} role={role} />;
  if (!indexes.data) return <Loading />;
  const total = rows.reduce((sum, row) => sum + number(row.size_bytes), 0);
  const opened = rows.find((row) => row.index_id === rest);
  const action = opened && made.data?.filter((row) => row.statement?.includes(` ${opened.index_name} `)).at(-1);
  return (
    <>
      <div className="bar">
        <h2>
          {several(rows.length, "index", "indexes")}, {bytes(total)}
        </h2>
        <label>
          <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} /> only the
          system's own
        </label>
      </div>
      <Table
        label="Indexes"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.index_id ?? ""}
        opened={rest || undefined}
        onOpen={(row) => go("indexes", row.index_id === rest ? "" : row.index_id ?? "")}
        height={600}
        empty="There are no indexes beside primary keys."
      />
      {opened && (
        <section className="section card" aria-label={`Index ${opened.index_name}`}>
          <h2>{opened.index_name}</h2>
          <dl className="facts">
            <dt>Made by</dt>
            <dd>
              {opened.created_by}
              {opened.is_constraint === "t" ? ", for a constraint" : opened.is_unique === "t" ? ", unique" : ""}
            </dd>
            {made.error && (
              <>
                <dt>Why</dt>
                <dd>{made.error.hint ?? made.error.message}</dd>
              </>
            )}
            {action && (
              <>
                <dt>Why</dt>
                <dd>{action.reason}</dd>
                <dt>What came of it</dt>
                <dd>
                  {action.verdict || "being measured"} (<a href={`#/actions/${action.id}`}>action {action.id}</a>)
                </dd>
              </>
            )}
          </dl>
        </section>
      )}
    </>
  );
}
