// Actions of the ledger, as several pages show them.
import type { Row } from "../api";
import { instant, number, percent, when } from "../format";
import type { TableColumn } from "./table";

export function actionsSql(limit: number, where = ""): string {
  return `SELECT id, proposed_at, module, kind, subject, state, statement, undo, reason, predicted_gain,
    measured_gain, initiator, verdict, applied_at, decided_at, affected, outcome, measure
    FROM adbms.actions ${where} ORDER BY id DESC LIMIT ${limit}`;
}

export type Tone = "good" | "bad" | "warn" | "";

export function toneOf(state: string | null | undefined): Tone {
  switch (state) {
    case "kept":
      return "good";
    case "reverted":
    case "failed":
      return "bad";
    case "proposed":
    case "verifying":
      return "warn";
    default:
      return "";
  }
}

export function State({ state }: { state: string | null | undefined }): JSX.Element {
  return <span className={`tag ${toneOf(state)}`}>{state}</span>;
}

export const actionColumns: TableColumn<Row>[] = [
  { key: "id", title: "Id", width: "52px", numeric: true, cell: (row) => row.id, order: (row) => number(row.id) },
  { key: "at", title: "When", width: "130px", cell: (row) => when(row.applied_at ?? row.proposed_at), order: (row) => instant(row.applied_at ?? row.proposed_at) },
  { key: "module", title: "Module", width: "90px", cell: (row) => row.module, order: (row) => row.module ?? "" },
  { key: "state", title: "State", width: "90px", cell: (row) => <State state={row.state} />, order: (row) => row.state ?? "" },
  { key: "kind", title: "Kind", width: "120px", cell: (row) => row.kind, order: (row) => row.kind ?? "" },
  { key: "subject", title: "Subject", width: "minmax(200px, 2fr)", cell: (row) => <span title={row.subject ?? ""}>{row.subject}</span>, order: (row) => row.subject ?? "" },
  { key: "predicted", title: "Predicted", width: "80px", numeric: true, cell: (row) => percent(number(row.predicted_gain)), order: (row) => number(row.predicted_gain) },
  { key: "measured", title: "Measured", width: "80px", numeric: true, cell: (row) => percent(number(row.measured_gain)), order: (row) => number(row.measured_gain) },
];
