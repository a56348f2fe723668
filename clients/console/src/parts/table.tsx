// A table of any number of rows: only those in sight are in the document. Arrow keys move between
// rows, Enter opens one, headings sort.
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";

export interface TableColumn<T> {
  key: string;
  title: string;
  /** As a grid track: "1fr", "120px", "minmax(240px, 3fr)". */
  width: string;
  numeric?: boolean;
  cell: (row: T) => ReactNode;
  /** What to sort by; without it the column does not sort. */
  order?: (row: T) => number | string;
}

interface Props<T> {
  label: string;
  columns: TableColumn<T>[];
  rows: T[];
  rowKey: (row: T, index: number) => string;
  onOpen?: (row: T) => void;
  opened?: string | undefined;
  sort?: { key: string; descending: boolean };
  height?: number;
  empty?: ReactNode;
}

const rowHeight = 34;
const beyond = 8;

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
    if (Number.isNaN(b)) return 1;
    return a - b;
  }
  return String(a).localeCompare(String(b));
}

export function Table<T>(props: Props<T>): JSX.Element {
  const { columns, rows, rowKey, onOpen, label } = props;
  const [sort, setSort] = useState(props.sort);
  const [active, setActive] = useState(0);
  const [top, setTop] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const takeFocus = useRef(false);
  const most = props.height ?? 440;

  const sorted = useMemo(() => {
    const order = columns.find((column) => column.key === sort?.key)?.order;
    if (!order) return rows;
    const keyed = rows.map((row) => ({ row, by: order(row) }));
    keyed.sort((a, b) => compare(a.by, b.by) * (sort!.descending ? -1 : 1));
    return keyed.map((one) => one.row);
  }, [rows, columns, sort]);

  const height = Math.min(most, (Math.max(sorted.length, 1) + 1) * rowHeight + 14);
  const first = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const last = Math.min(sorted.length, Math.ceil((top + height) / rowHeight) + beyond);
  const tracks = columns.map((column) => column.width).join(" ");
  // Every row is a grid of its own: they agree where all have the same width.
  const least = columns.reduce((sum, column) => sum + Number(/(\d+)px/.exec(column.width)?.[1] ?? 0) + 12, 12);
  const layout = { gridTemplateColumns: tracks, minWidth: least };

  useEffect(() => {
    if (!takeFocus.current) return;
    takeFocus.current = false;
    scroller.current?.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  });

  const move = (to: number): void => {
    const index = Math.max(0, Math.min(sorted.length - 1, to));
    setActive(index);
    takeFocus.current = true;
    const box = scroller.current;
    if (!box) return;
    if (index * rowHeight < box.scrollTop) box.scrollTop = index * rowHeight;
    const end = (index + 2) * rowHeight;
    if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight;
  };

  const onKey = (event: KeyboardEvent, index: number): void => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = steps[event.key];
    const row = sorted[index];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if ((event.key === "Enter" || event.key === " ") && onOpen && row && event.target === event.currentTarget) {
      event.preventDefault();
      onOpen(row);
    }
  };

  if (sorted.length === 0 && props.empty) return <p className="nothing">{props.empty}</p>;
  return (
    <div
      className="table"
      ref={scroller}
      style={{ height }}
      role="table"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div className="row heading" role="row" aria-rowindex={1} style={layout}>
        {columns.map((column) => {
          const here = sort?.key === column.key;
          return (
            <div
              key={column.key}
              role="columnheader"
              className={column.numeric ? "numeric" : ""}
              aria-sort={here ? (sort!.descending ? "descending" : "ascending") : "none"}
            >
              {column.order ? (
                <button
                  type="button"
                  onClick={() =>
                    setSort({ key: column.key, descending: here ? !sort!.descending : Boolean(column.numeric) })
                  }
                >
                  {column.title}
                  <span aria-hidden="true">{here ? (sort!.descending ? " ↓" : " ↑") : ""}</span>
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
      </div>
      <div role="rowgroup" className="rows" style={{ height: sorted.length * rowHeight, minWidth: least }}>
        {sorted.slice(first, last).map((row, i) => {
          const index = first + i;
          const key = rowKey(row, index);
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              aria-current={props.opened === key ? "true" : undefined}
              data-row={index}
              className={`row${onOpen ? " opens" : ""}${props.opened === key ? " opened" : ""}`}
              style={{ ...layout, transform: `translateY(${index * rowHeight}px)` }}
              tabIndex={index === Math.min(active, sorted.length - 1) ? 0 : -1}
              onKeyDown={(event) => onKey(event, index)}
              onFocus={() => setActive(index)}
              onClick={() => onOpen?.(row)}
            >
              {columns.map((column) => (
                <div key={column.key} role="cell" className={column.numeric ? "numeric" : ""}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
