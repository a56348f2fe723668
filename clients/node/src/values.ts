// JavaScript's values as the server takes them, and texts as JavaScript's values.
import { ProgrammingError } from "./errors.js";

export const oids = {
  bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, oid: 26, json: 114, float4: 700,
  float8: 701, date: 1082, time: 1083, timestamp: 1114, timestamptz: 1184, interval: 1186,
  numeric: 1700, uuid: 2950, jsonb: 3802,
} as const;

const ARRAY_OF = new Map<number, number>([
  [oids.bool, 1000], [oids.bytea, 1001], [oids.int8, 1016], [oids.int4, 1007],
  [oids.float8, 1022], [oids.timestamptz, 1185], [oids.interval, 1187], [oids.numeric, 1231],
]);

/** An interval; its parts are independent, as in PostgreSQL. */
export class Interval {
  constructor(
    readonly months: number,
    readonly days: number,
    readonly microseconds: bigint,
  ) {}
  /** A form that reads the same under every setting. */
  toString(): string {
    return `${this.months} mons ${this.days} days ${this.microseconds} microseconds`;
  }
}

/** A value to be sent as JSON, whatever it is: an array, a string, a number. */
export class Json {
  constructor(readonly value: unknown) {}
}

/** What a parameter may be. Strings are read as the parameter's type reads them. */
export type Parameter =
  | null | undefined | boolean | number | bigint | string | Uint8Array | Date | Interval | Json
  | readonly Parameter[] | { readonly [key: string]: unknown };

const INT8_MIN = -(2n ** 63n);
const INT8_MAX = 2n ** 63n - 1n;

/** The text that the server reads the value from. */
export function textOf(value: Parameter): string {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return String(value);
    default:
  }
  if (value instanceof Uint8Array) return "\\x" + Buffer.from(value).toString("hex");
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Interval) return value.toString();
  if (value instanceof Json) return JSON.stringify(value.value);
  if (Array.isArray(value)) return arrayText(value);
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  throw new ProgrammingError("42804", `a value of type ${typeof value} has no SQL type`);
}

function arrayText(values: readonly Parameter[]): string {
  const parts = values.map((value) => {
    if (value === null || value === undefined) return "NULL";
    if (Array.isArray(value)) return arrayText(value);
    return `"${textOf(value).replace(/[\\"]/g, "\\$&")}"`;
  });
  return `{${parts.join(",")}}`;
}

function* leaves(values: readonly Parameter[]): Generator<Parameter> {
  for (const value of values) {
    if (Array.isArray(value)) yield* leaves(value);
    else if (value !== null && value !== undefined) yield value;
  }
}

/** The type that a parameter is declared to have; 0: what the statement makes of it. */
export function oidOf(value: Parameter): number {
  switch (typeof value) {
    case "boolean":
      return oids.bool;
    case "number":
      if (!Number.isInteger(value)) return oids.float8;
      if (value >= -(2 ** 31) && value < 2 ** 31) return oids.int4;
      return Number.isSafeInteger(value) ? oids.int8 : oids.float8;
    case "bigint":
      return value >= INT8_MIN && value <= INT8_MAX ? oids.int8 : oids.numeric;
    default:
  }
  if (value instanceof Uint8Array) return oids.bytea;
  if (value instanceof Date) return oids.timestamptz;
  if (value instanceof Interval) return oids.interval;
  if (Array.isArray(value)) return ARRAY_OF.get(commonOid([...leaves(value)])) ?? 0;
  return 0;
}

const NUMBERS: number[] = [oids.int4, oids.int8, oids.numeric, oids.float8];

/** The type that all the values have; 0 where they differ in kind. */
export function commonOid(values: readonly Parameter[]): number {
  let common: number | undefined;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const oid = oidOf(value);
    if (common === undefined || common === oid) common = oid;
    else if (NUMBERS.includes(common) && NUMBERS.includes(oid)) {
      common = NUMBERS[Math.max(NUMBERS.indexOf(common), NUMBERS.indexOf(oid))]!;
    } else return 0;
  }
  return common ?? 0;
}

/** A parameter's message. `declared` false: its type is known already. */
export function valueOf(value: Parameter, declared: boolean): object {
  if (value === null || value === undefined) return {};
  const type_oid = declared ? oidOf(value) : 0;
  if (typeof value === "boolean") return { bool_value: value, type_oid };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? { int_value: value, type_oid }
      : { float_value: value, type_oid };
  }
  if (value instanceof Uint8Array) return { bytes_value: value, type_oid };
  return { text_value: textOf(value), type_oid };
}

/** An array of PostgreSQL's text form; `read` makes an element of its text. */
export function parseArray(text: string, read: (text: string) => unknown): unknown[] {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  function parse(): unknown[] {
    const result: unknown[] = [];
    at += 1;
    while (text[at] !== "}") {
      if (text[at] === ",") at += 1;
      if (text[at] === "{") {
        result.push(parse());
      } else if (text[at] === '"') {
        let element = "";
        for (at += 1; text[at] !== '"'; at += 1) {
          if (text[at] === "\\") at += 1;
          element += text[at];
        }
        at += 1;
        result.push(read(element));
      } else {
        const start = at;
        while (text[at] !== "," && text[at] !== "}") at += 1;
        const element = text.slice(start, at);
        result.push(element === "NULL" ? null : read(element));
      }
    }
    at += 1;
    return result;
  }
  return parse();
}

/** What makes a value of a type's text form. */
export function readerOf(oid: number): (text: string) => unknown {
  switch (oid) {
    case oids.bool:
      return (text) => text === "t";
    case oids.int2:
    case oids.int4:
    case oids.oid:
    case oids.float4:
    case oids.float8:
      return Number;
    case oids.int8:
      return BigInt;
    case oids.json:
    case oids.jsonb:
      return JSON.parse;
    case oids.bytea:
      return (text) => Buffer.from(text.slice(2), "hex");
    default:
      return (text) => text;
  }
}
