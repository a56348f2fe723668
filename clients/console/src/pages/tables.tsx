// Tables: size, rows, what is read and written.
import { useMemo, useState } from "react";
import type { Row } from "../api";
import { bytes, count, instant, number, several, when } from "../format";
import { Loading, Problem } from "../parts/problem";
import { Table, type TableColumn } from "../parts/table";
import { useQuery } from "../parts/use_query";
import { go } from "../router";
import { useSession } from "../session";

const columns: TableColumn<Row>[] = [
  { key: "name", title: "Table", width: "minmax(180px, 2fr)", cell: (row) => `${row.schema_name === "public" ? "" : `${row.schema_name}.`}${row.table_name}`, order: (row) => row.table_name ?? "" },
  { key: "key", title: "Primary key", width: "minmax(110px, 1fr)", cell: (row) => row.primary_key ?? "–" },
  { key: "rows", title: "Rows", width: "90px", numeric: true, cell: (row) => count(number(row.row_count)), order: (row) => number(row.row_count) },
  { key: "size", title: "Size", width: "90px", numeric: true, cell: (row) => bytes(number(row.size_bytes)), order: (row) => number(row.size_bytes) },
  { key: "indexes", title: "Indexes", width: "70px", numeric: true, cell: (row) => row.index_count, order: (row) => number(row.index_count) },
  { key: "scans", title: "Scans", width: "80px", numeric: true, cell: (row) => count(number(row.scans)), order: (row) => number(row.scans) },
  { key: "inserted", title: "Inserted", width: "80px", numeric: true, cell: (row) => count(number(row.rows_inserted)), order: (row) => number(row.rows_inserted) },
  { key: "updated", title: "Updated", width: "80px", numeric: true, cell: (row) => count(number(row.rows_updated)), order: (row) => number(row.rows_updated) },
  { key: "deleted", title: "Deleted", width: "80px", numeric: true, cell: (row) => count(number(row.rows_deleted)), order: (row) => number(row.rows_deleted) },
  { key: "analyzed", title: "Analyzed", width: "130px", cell: (row) => when(row.analyzed_at), order: (row) => instant(row.analyzed_at) },
];

function Columns({ table }: { table: string }): JSX.Element {
  const found = useQuery(
    `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
      WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    0,
    [table],
  );
  if (found.error) return <Problem error={found.error} />;
  if (!found.data) return <Loading />;
  return (
    <dl className="facts">
      {found.data.map((row) => (
        <div key={row.attname} style={{ display: "contents" }}>
          <dt>
            <code>{row.attname}</code>
          </dt>
          <dd>
            {row.type}
            {row.attnotnull === "t" ? ", not null" : ""}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Tables({ rest }: { rest: string }): JSX.Element {
  const { role } = useSession();
  const [own, setOwn] = useState(false);
  const tables = useQuery(
    `SELECT table_id, schema_name, table_name, row_count, size_bytes, index_count, primary_key, analyzed_at, scans,
      rows_inserted, rows_updated, rows_deleted FROM adbms.tables ORDER BY size_bytes DESC`,
    5000,
  );
  const rows = useMemo(
    () => (tables.data ?? []).filter((row) => own || row.schema_name !== "adbms"),
    [tables.data, own],
  );
  if (tables.error) return <Problem error={tables.error} role={role} />;
  if (!tables.data) return <Loading />;
  const opened = tables.data.find((row) => row.table_id === rest);
  const total = rows.reduce((sum, row) => sum + number(row.size_bytes), 0);
  return (
    <>
      <div className="bar">
        <h2>
          {several(rows.length, "table")}, {bytes(total)}
        </h2>
        <label>
          <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} /> the system's own
        </label>
      </div>
      <Table
        label="Tables"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.table_id ?? ""}
        opened={rest || undefined}
        onOpen={(row) => go("tables", row.table_id === rest ? "" : row.table_id ?? "")}
        height={600}
        empty="There are no tables yet."
      />
      {opened && (
        <section className="section card" aria-label={`Table ${opened.table_name}`}>
          <h2>
            {opened.schema_name}.{opened.table_name}
          </h2>
          <Columns table={opened.table_id!} />
        </section>
      )}
    </>
  );
}
