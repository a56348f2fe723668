// What the page asks of the gateway (services/gateway/console/console.h describes it).

export interface SessionInfo {
  role: string;
  superuser: boolean;
  monitor: boolean;
  csrf: string;
  version: string;
  expiresAt: number;
  idleMs: number;
}

export interface Column {
  name: string;
  type: string;
  oid: number;
}
export type Cell = string | null;
export type Cells = Cell[];
/** A row by the names of its columns. */
export type Row = Record<string, Cell>;

export interface Report {
  severity?: string;
  code?: string;
  message: string;
  detail?: string;
  hint?: string;
  position?: number;
}

export class SqlError extends Error {
  readonly code: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly position: number | undefined;

  constructor(report: Report) {
    super(report.message);
    this.code = report.code ?? "XX000";
    this.detail = report.detail;
    this.hint = report.hint;
    this.position = report.position;
  }

  /** The role lacks the right, rather than something being broken. */
  get denied(): boolean {
    return this.code === "42501";
  }
  /** The relation is not there: nothing has been recorded in it yet. */
  get absent(): boolean {
    return this.code === "42P01";
  }
}

let csrf = "";
let monitor = false;

/** Throws for what tells of all users where the role may not see that: asking would only be a denial for the audit. */
export function checkMonitor(): void {
  if (monitor) return;
  throw new SqlError({
    code: "42501",
    message: "permission denied",
    hint: "It tells of all users: have the role adbms_monitor granted.",
  });
}

function signedOut(): never {
  location.replace("/signin#expired");
  throw new SqlError({ code: "28000", message: "You are signed out." });
}

async function failure(response: Response): Promise<SqlError> {
  const answer: { error?: Report } = await response.json().catch(() => ({}));
  return new SqlError(answer.error ?? { code: "08006", message: `The server answers ${response.status}.` });
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new SqlError({ code: "08006", message: "The server does not answer." });
  }
  if (response.status === 401) signedOut();
  if (!response.ok) throw await failure(response);
  return response;
}

/** The gateway hangs up on more. */
const largestBody = 1 << 20;

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  if (bytes.length > largestBody) {
    throw new SqlError({ code: "54000", message: "The text is longer than 1 MiB.", hint: "Run it with psql." });
  }
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-ADBMS-CSRF": csrf },
    body: bytes,
    signal: signal ?? null,
  });
}

export async function openSession(): Promise<SessionInfo> {
  const info: SessionInfo = await (await request("/api/session", {})).json();
  csrf = info.csrf;
  monitor = info.monitor;
  return info;
}

export async function signOut(): Promise<void> {
  await post("/api/signout", {});
  // What was typed is not the next one's to read.
  sessionStorage.clear();
  location.replace("/signin");
}

export interface RunOptions {
  parameters?: Cell[];
  /** A session that stays, for transactions. */
  session?: string;
  query?: string;
  database?: string;
  maxRows?: number;
  timeoutMs?: number;
  /** The page asks by itself: no use of the sign-in. */
  background?: boolean;
  signal?: AbortSignal;
}

export interface RunEvents {
  columns?(columns: Column[]): void;
  rows?(rows: Cells[]): void;
  complete?(tag: string, truncated: boolean): void;
  notice?(notice: Report): void;
  end?(transaction: string, ms: number): void;
}

interface Line {
  columns?: Column[];
  rows?: Cells[];
  complete?: string;
  truncated?: boolean;
  notice?: Report;
  error?: Report;
  end?: { transaction: string; ms: number };
}

/** Lines of a stream of bytes. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
    if (done) return;
  }
}

/** Runs statements and tells of their results as they come. Throws what ends them. */
export async function run(sql: string, options: RunOptions, events: RunEvents): Promise<void> {
  const response = await post(
    "/api/sql",
    {
      sql,
      parameters: options.parameters?.map((text) => (text === null ? {} : { text })),
      session: options.session,
      query: options.query,
      database: options.database,
      maxRows: options.maxRows,
      timeoutMs: options.timeoutMs,
      background: options.background,
    },
    options.signal,
  );
  let error: Report | undefined;
  let ended = false;
  for await (const text of linesOf(response.body!)) {
    const line: Line = JSON.parse(text);
    if (line.columns) events.columns?.(line.columns);
    else if (line.rows) events.rows?.(line.rows);
    else if (line.complete !== undefined) events.complete?.(line.complete, line.truncated ?? false);
    else if (line.notice) events.notice?.(line.notice);
    else if (line.error) error = line.error;
    else if (line.end) {
      ended = true;
      events.end?.(line.end.transaction, line.end.ms);
    }
  }
  if (error) throw new SqlError(error);
  if (!ended) throw new SqlError({ code: "08006", message: "The server has broken off its answer." });
}

/** The rows of one statement. */
export async function query(sql: string, options: RunOptions = {}): Promise<Row[]> {
  let names: string[] = [];
  const rows: Row[] = [];
  await run(sql, options, {
    columns: (columns) => {
      names = columns.map((column) => column.name);
    },
    rows: (cells) => {
      for (const row of cells) rows.push(Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])));
    },
  });
  return rows;
}

export async function cancel(name: string): Promise<void> {
  await post("/api/cancel", { query: name });
}

export async function setAutonomy(module: string, autonomy: string): Promise<void> {
  await post("/api/autonomy", { module, autonomy: `AUTONOMY_${autonomy.toUpperCase()}` });
}

export interface History {
  intervalMs: number;
  columns: string[];
  points: (number | null)[][];
  totals: Record<string, number>;
}

export async function history(since: number, signal: AbortSignal): Promise<History> {
  checkMonitor();
  return (await request(`/api/history?since=${since}`, { signal })).json();
}
