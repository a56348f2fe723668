// Pages of rows in column order, as gateway.proto documents them, from and to JavaScript's values.
import { AdbmsError, ProgrammingError } from "./errors.js";
import type { ColumnMessage, Page, PageColumn } from "./messages.js";
import { Interval, oids, parseArray, readerOf, textOf, type Parameter } from "./values.js";

/** How timestamps with time zone come: as Date, which has milliseconds, or as text with all microseconds. */
export type Timestamps = "date" | "string";

const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;
const MIN_32 = -(2 ** 31);
const MAX_32 = 2 ** 31 - 1;
const MIN_64 = -(2n ** 63n);
const MAX_64 = 2n ** 63n - 1n;

// The bytes as a buffer of their own, which typed arrays want aligned.
function own(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function dateText(days: number): string {
  if (days === MIN_32) return "-infinity";
  if (days === MAX_32) return "infinity";
  const date = new Date(EPOCH_MS + days * DAY_MS);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) throw new AdbmsError("22008", "a date beyond JavaScript's", "Cast it to text.");
  const rest = `-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return year > 0 ? String(year).padStart(4, "0") + rest : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function timeText(microseconds: bigint): string {
  const seconds = Number(microseconds / 1_000_000n);
  const rest = microseconds % 1_000_000n;
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return rest === 0n ? text : `${text}.${String(rest).padStart(6, "0")}`;
}

function timestampText(microseconds: bigint, zone: string): string {
  if (microseconds === MIN_64) return "-infinity";
  if (microseconds === MAX_64) return "infinity";
  const day = 86_400_000_000n;
  const time = ((microseconds % day) + day) % day;
  const date = dateText(Number((microseconds - time) / day));
  return date.endsWith(" BC") ? `${date.slice(0, -3)}T${timeText(time)}${zone} BC` : `${date}T${timeText(time)}${zone}`;
}

function uuidText(bytes: Buffer, row: number): string {
  const hex = bytes.toString("hex", row * 16, row * 16 + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function texts(part: PageColumn, rows: number): string[] {
  const offsets = new Uint32Array(own(part.offsets));
  const result = new Array<string>(rows);
  const whole = part.values.toString("utf8");
  const plain = whole.length === part.values.length;  // Characters are where bytes are.
  for (let row = 0; row < rows; row += 1) {
    const begin = offsets[row]!;
    const end = offsets[row + 1]!;
    result[row] = plain ? whole.slice(begin, end) : part.values.toString("utf8", begin, end);
  }
  return result;
}

function textReader(column: ColumnMessage): ((text: string) => unknown) | null {
  if (column.element_oid !== 0) {
    const element = readerOf(column.element_oid);
    return (text) => parseArray(text, element);
  }
  if (column.type_oid === oids.json || column.type_oid === oids.jsonb) return JSON.parse;
  return null;
}

function decodeColumn(column: ColumnMessage, part: PageColumn, rows: number, timestamps: Timestamps): unknown[] {
  switch (part.encoding) {
    case "ENCODING_BOOL":
      return Array.from(part.values, (value) => value !== 0);
    case "ENCODING_INT16":
      return Array.from(new Int16Array(own(part.values)));
    case "ENCODING_INT32":
      return Array.from(new Int32Array(own(part.values)));
    case "ENCODING_INT64":
      return column.type_oid === oids.oid
        ? Array.from(new BigInt64Array(own(part.values)), Number)
        : Array.from(new BigInt64Array(own(part.values)));
    case "ENCODING_FLOAT32":
      return Array.from(new Float32Array(own(part.values)));
    case "ENCODING_FLOAT64":
      return Array.from(new Float64Array(own(part.values)));
    case "ENCODING_DATE":
      return Array.from(new Int32Array(own(part.values)), dateText);
    case "ENCODING_TIME":
      return Array.from(new BigInt64Array(own(part.values)), timeText);
    case "ENCODING_TIMESTAMP":
      return Array.from(new BigInt64Array(own(part.values)), (value) => timestampText(value, ""));
    case "ENCODING_TIMESTAMPTZ":
      return Array.from(new BigInt64Array(own(part.values)), (value) =>
        timestamps === "string" || value === MIN_64 || value === MAX_64
          ? timestampText(value, "Z")
          : new Date(EPOCH_MS + Number(value / 1000n) - (value % 1000n < 0n ? 1 : 0)));
    case "ENCODING_INTERVAL": {
      const view = new DataView(own(part.values));
      return Array.from({ length: rows }, (_, row) =>
        new Interval(view.getInt32(row * 16 + 12, true), view.getInt32(row * 16 + 8, true),
                     view.getBigInt64(row * 16, true)));
    }
    case "ENCODING_UUID":
      return Array.from({ length: rows }, (_, row) => uuidText(part.values, row));
    case "ENCODING_BYTES": {
      const offsets = new Uint32Array(own(part.offsets));
      return Array.from({ length: rows }, (_, row) =>
        Buffer.from(part.values.subarray(offsets[row], offsets[row + 1])));
    }
    case "ENCODING_TEXT":
      return texts(part, rows);
    default:
      throw new AdbmsError("0A000", `an encoding that this client does not know: ${part.encoding}`,
                           "Use a newer client.");
  }
}

/** A page's columns as arrays of values. */
export function decodePage(columns: readonly ColumnMessage[], page: Page, timestamps: Timestamps): unknown[][] {
  return page.columns.map((part, number) => {
    const column = columns[number]!;
    const values = decodeColumn(column, part, page.row_count, timestamps);
    const read = part.encoding === "ENCODING_TEXT" ? textReader(column) : null;
    if (part.nulls.length === 0 && read === null) return values;
    for (let row = 0; row < values.length; row += 1) {
      if (part.nulls.length > 0 && ((part.nulls[row >> 3]! >> (row & 7)) & 1) === 1) values[row] = null;
      else if (read !== null) values[row] = read(values[row] as string);
    }
    return values;
  });
}

function nullsOf(values: readonly Parameter[]): Buffer {
  let nulls: Buffer | null = null;
  for (let row = 0; row < values.length; row += 1) {
    if (values[row] !== null && values[row] !== undefined) continue;
    nulls ??= Buffer.alloc((values.length + 7) >> 3);
    nulls[row >> 3]! |= 1 << (row & 7);
  }
  return nulls ?? Buffer.alloc(0);
}

function pieces(encoding: string, parts: Buffer[]): Omit<PageColumn, "nulls"> {
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, row) => {
    offsets[row + 1] = offsets[row]! + part.length;
  });
  return { encoding, values: Buffer.concat(parts), offsets: Buffer.from(offsets.buffer) };
}

const NOTHING = Buffer.alloc(0);

/** A column in the encoding that suits all of its values; as text where none does. */
export function encodeColumn(values: readonly Parameter[]): PageColumn {
  const nulls = nullsOf(values);
  const present = values.filter((value) => value !== null && value !== undefined);
  const all = (test: (value: Parameter) => boolean) => present.length > 0 && present.every(test);
  if (all((value) => typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0))) {
    const numbers = BigInt64Array.from(values, (value) => BigInt((value ?? 0) as number));
    return { encoding: "ENCODING_INT64", values: Buffer.from(numbers.buffer), offsets: NOTHING, nulls };
  }
  if (all((value) => typeof value === "number")) {
    const numbers = Float64Array.from(values, (value) => (value ?? 0) as number);
    return { encoding: "ENCODING_FLOAT64", values: Buffer.from(numbers.buffer), offsets: NOTHING, nulls };
  }
  if (all((value) => typeof value === "boolean")) {
    return { encoding: "ENCODING_BOOL", values: Buffer.from(values.map(Number)), offsets: NOTHING, nulls };
  }
  if (all((value) => value instanceof Uint8Array)) {
    return { ...pieces("ENCODING_BYTES", values.map((value) => Buffer.from((value ?? NOTHING) as Uint8Array))), nulls };
  }
  const parts = values.map((value) =>
    value === null || value === undefined ? NOTHING : Buffer.from(textOf(value), "utf8"));
  return { ...pieces("ENCODING_TEXT", parts), nulls };
}

/** A page of rows, all of the same length. */
export function encodeRows(rows: readonly (readonly Parameter[])[]): Page {
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw new ProgrammingError("08P01", "rows of different lengths");
  const columns = Array.from({ length: width }, (_, number) => encodeColumn(rows.map((row) => row[number])));
  return { row_count: rows.length, columns };
}
