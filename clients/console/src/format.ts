// Figures and times as people read them.
import type { Cell } from "./api";

export function number(cell: Cell | undefined): number {
  return cell === null || cell === undefined ? Number.NaN : Number(cell);
}

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

export function count(value: number): string {
  if (Number.isNaN(value)) return "–";
  return Math.abs(value) < 100_000 ? whole.format(value) : compact.format(value);
}

/** "1 table", "2 tables". */
export function several(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function rate(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value < 10 && value > 0 ? value.toFixed(1) : count(value);
}

export function milliseconds(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value < 1) return `${(value * 1000).toFixed(0)} µs`;
  if (value < 1000) return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
  if (value < 120_000) return `${(value / 1000).toFixed(1)} s`;
  if (value < 7_200_000) return `${(value / 60_000).toFixed(1)} min`;
  return `${(value / 3_600_000).toFixed(1)} h`;
}

export function bytes(value: number): string {
  if (Number.isNaN(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 1024 && unit < units.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${unit === 0 || left >= 100 ? left.toFixed(0) : left.toFixed(1)} ${units[unit]}`;
}

export function percent(value: number): string {
  return Number.isNaN(value) ? "–" : `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 1 : 0)} %`;
}

/** PostgreSQL's text of a timestamptz as milliseconds since 1970; NaN for none. */
export function instant(cell: Cell | undefined): number {
  if (!cell) return Number.NaN;
  const iso = cell.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
  return Date.parse(iso);
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export function when(cell: Cell | undefined): string {
  const at = instant(cell);
  if (Number.isNaN(at)) return "–";
  const then = new Date(at);
  const today = new Date().toDateString() === then.toDateString();
  return today ? clock.format(then) : `${day.format(then)} ${clock.format(then)}`;
}
