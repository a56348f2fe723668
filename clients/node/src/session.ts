// A session: statements, transactions, streams, bulk inserts.
import { randomUUID } from "node:crypto";
import type { Client, Stub } from "./client.js";
import { AdbmsError, ConnectionError, fromCall } from "./errors.js";
import type { ColumnMessage, Description, ExecuteResponse, NoticeMessage, TransactionStatus } from "./messages.js";
import { decodePage, encodeRows, type Timestamps } from "./pages.js";
import { commonOid, valueOf, type Parameter } from "./values.js";

export type Isolation = "read committed" | "repeatable read" | "serializable";

export interface SessionOptions {
  database?: string;
  /** Settings that the session begins with. */
  settings?: Record<string, string>;
  /** Without a call for so long, not even a keep-alive, the session ends. */
  idleTimeoutMs?: number;
  /** Statements outside of a transaction go with a key, and are sent again when their answer is lost. */
  idempotent?: boolean;
  /** How timestamps with time zone come; "date". */
  timestamps?: Timestamps;
  /** What the server says beside results. */
  onNotice?: (notice: { severity: string; message: string; sqlstate: string }) => void;
}

export interface StatementOptions {
  /** Time that it may run. */
  timeoutMs?: number;
  /** Settings for this statement alone. */
  settings?: Record<string, string>;
  /** Cancels it. */
  signal?: AbortSignal;
}

export interface TransactionOptions {
  isolation?: Isolation;
  readOnly?: boolean;
  deferrable?: boolean;
  /** How often it is run when the server says that this may help; 10. */
  attempts?: number;
}

export interface Column {
  name: string;
  typeOid: number;
  typeName: string;
  typeModifier: number;
  tableOid: number;
  columnNumber: number;
}

export type Row = Record<string, any>;

export interface Result<R = Row> {
  columns: Column[];
  rows: R[];
  /** Rows returned or changed; null for statements that have none to count. */
  rowCount: number | null;
  /** As psql prints it: `INSERT 0 1`. */
  command: string;
}

const LEVELS: Record<Isolation, string> = {
  "read committed": "ISOLATION_READ_COMMITTED",
  "repeatable read": "ISOLATION_REPEATABLE_READ",
  serializable: "ISOLATION_SERIALIZABLE",
};
const IDLE: TransactionStatus = "TRANSACTION_STATUS_IDLE";
const BULK_ROWS = 4096;

// An idempotency key, which tells its age whenever it is sent again.
class Key {
  private readonly key = randomUUID();
  private readonly first = performance.now();
  private sent = false;
  constructor(private readonly instance: string) {}
  message(): object {
    const age_ms = this.sent ? Math.ceil(performance.now() - this.first) + 1 : 0;
    this.sent = true;
    return { key: this.key, instance: this.instance, age_ms };
  }
}

function columnOf(column: ColumnMessage): Column {
  return {
    name: column.name, typeOid: column.type_oid, typeName: column.type_name,
    typeModifier: column.type_modifier, tableOid: column.table_oid, columnNumber: column.column_number,
  };
}

function rowsOf(columns: readonly ColumnMessage[], values: unknown[][], count: number): Row[] {
  const rows = new Array<Row>(count);
  for (let row = 0; row < count; row += 1) {
    const made: Row = {};
    for (let number = 0; number < columns.length; number += 1) made[columns[number]!.name] = values[number]![row];
    rows[row] = made;
  }
  return rows;
}

/** A prepared statement. */
export class Statement {
  /** @internal */
  constructor(
    private readonly session: Session,
    readonly name: string,
    private readonly description: Description,
  ) {}
  /** The types of $1, $2, … */
  get parameters(): { typeOid: number; typeName: string }[] {
    return this.description.parameters.map((one) => ({ typeOid: one.type_oid, typeName: one.type_name }));
  }
  /** Of its rows; null when it returns none. */
  get columns(): Column[] | null {
    return this.description.returns_rows ? this.description.columns.map(columnOf) : null;
  }
  query<R = Row>(parameters: readonly Parameter[] = [], options: StatementOptions = {}): Promise<Result<R>> {
    return this.session.query<R>(this, parameters, options);
  }
  async close(): Promise<void> {
    await this.session.send("ClosePrepared", () => ({ session_id: this.session.id, name: this.name }), true);
  }
}

export class Session {
  /** @internal */
  id = "";
  private instance = "";
  private status: TransactionStatus = IDLE;
  private closed = false;
  private unsure = false;
  private streaming: { cancel(): void } | null = null;
  private queue: Promise<unknown> = Promise.resolve();
  private keeper: NodeJS.Timeout | null = null;
  private names = 0;
  private told: Record<string, string> = {};

  private constructor(
    private readonly client: Client,
    private readonly stub: Stub,
    private readonly options: SessionOptions,
  ) {}

  /** @internal */
  static async open(client: Client, options: SessionOptions): Promise<Session> {
    const session = new Session(client, client.stub(), options);
    const opened = await client.call(session.stub, "OpenSession", () => ({
      database: options.database ?? "", settings: options.settings ?? {}, idle_timeout_ms: options.idleTimeoutMs ?? 0,
    }), true);
    session.id = opened.session_id;
    session.instance = opened.instance;
    session.told = opened.settings;
    session.keeper = setInterval(() => {
      client.call(session.stub, "KeepAlive", () => ({ session_id: session.id }), true).catch(() => {});
    }, Math.max(100, opened.idle_timeout_ms / 3));
    session.keeper.unref();
    return session;
  }

  /** What the server has told of its settings: server_version, TimeZone, … */
  get settings(): Readonly<Record<string, string>> {
    return this.told;
  }
  get inTransaction(): boolean {
    return this.status !== IDLE;
  }

  /** Runs one statement with parameters $1, $2, …, or several without; the last one's result. */
  async query<R = Row>(sql: string | Statement, parameters: readonly Parameter[] = [], options: StatementOptions = {}): Promise<Result<R>> {
    const results = await this.queryAll<R>(sql, parameters, options);
    return results[results.length - 1] ?? { columns: [], rows: [], rowCount: null, command: "" };
  }

  /** The same; the results of all statements. */
  queryAll<R = Row>(sql: string | Statement, parameters: readonly Parameter[] = [], options: StatementOptions = {}): Promise<Result<R>[]> {
    return this.turn(async () => {
      const key = this.keyed() ? new Key(this.instance) : null;
      for (let attempt = 0; ; attempt += 1) {
        const results: Result<R>[] = [];
        let current: Result<R> | null = null;
        try {
          for await (const part of this.execute("Execute", this.request(sql, parameters, options, key), options)) {
            if (part.columns !== null) {
              current ??= { columns: part.columns.map(columnOf), rows: [], rowCount: null, command: "" };
              if (part.values !== null) {
                for (const row of rowsOf(part.columns, part.values, part.count)) current.rows.push(row as R);
              }
            }
            const { completion } = part.message;
            if (completion === null) continue;
            current ??= { columns: [], rows: [], rowCount: null, command: "" };
            current.command = completion.command_tag;
            current.rowCount = completion.rows ?? null;
            results.push(current);
            current = null;
          }
          return results;
        } catch (error) {
          if (key === null || !(await this.client.again(error, attempt))) throw error;
        }
      }
    });
  }

  /** Rows that come while they are read. Nothing else runs in the session until the loop ends. */
  async *stream<R = Row>(sql: string | Statement, parameters: readonly Parameter[] = [], options: StatementOptions = {}): AsyncGenerator<R> {
    await this.turn(async () => {});
    this.checkReady();
    const handle = { cancel: () => {} };
    this.streaming = handle;
    try {
      for await (const part of this.execute("Execute", this.request(sql, parameters, options, null), options, handle)) {
        if (part.columns === null || part.values === null) continue;
        for (const row of rowsOf(part.columns, part.values, part.count)) yield row as R;
      }
    } finally {
      this.streaming = null;
    }
  }

  /** Rows by `fetchSize` at a time, from a portal: inside a transaction, where other statements may run meanwhile. */
  async *cursor<R = Row>(sql: string | Statement, parameters: readonly Parameter[] = [], options: StatementOptions & { fetchSize?: number } = {}): AsyncGenerator<R> {
    const portal = `adbms_${(this.names += 1)}`;
    const max_rows = options.fetchSize ?? 1000;
    let columns: ColumnMessage[] | null = null;
    let suspended = true;
    for (let first = true; suspended; first = false) {
      const rows: Row[] = [];
      await this.turn(async () => {
        const request = first
          ? { ...this.request(sql, parameters, options, null), portal, max_rows }
          : { session_id: this.id, portal, max_rows };
        suspended = false;
        for await (const part of this.execute(first ? "Execute" : "Fetch", request, options, undefined, columns)) {
          columns = part.columns;
          if (part.columns !== null && part.values !== null) rows.push(...rowsOf(part.columns, part.values, part.count));
          suspended ||= part.message.completion?.suspended ?? false;
        }
      });
      let done = false;
      try {
        for (const row of rows) yield row as R;
        done = true;
      } finally {
        if (!done || !suspended) {
          await this.send("ClosePortal", () => ({ session_id: this.id, portal }), true).catch(() => {});
        }
      }
    }
  }

  /** Prepares a statement. `types`: oids, 0 for what the statement makes of it. */
  async prepare(sql: string, types: number[] = []): Promise<Statement> {
    const name = `adbms_${(this.names += 1)}`;
    const response = await this.send("Prepare", () => ({ session_id: this.id, name, sql, parameter_types: types }), false, sql);
    return new Statement(this, name, response.description);
  }

  /** Runs a statement for each row of parameters, in one call and one transaction; the rows that each has changed. */
  batch(sql: string | Statement, rows: readonly (readonly Parameter[])[], options: StatementOptions = {}): Promise<number[]> {
    return this.turn(async () => {
      if (rows.length === 0) return [];
      const key = this.keyed() ? new Key(this.instance) : null;
      const parameters = encodeRows(rows);
      const named = typeof sql !== "string";
      const types = named ? [] : rows[0]!.map((_, number) => commonOid(rows.map((row) => row[number])));
      const response = await this.answer("ExecuteBatch", () => ({
        session_id: this.id, ...(named ? { statement: sql.name } : { sql }), parameters, parameter_types: types,
        options: this.statementOptions(options, key),
      }), key !== null, named ? sql.name : sql);
      this.notice(response.notices);
      this.status = response.transaction_status;
      return response.rows;
    });
  }

  /** Inserts rows as COPY does, all or none; how many. Names are taken as they are. */
  bulkInsert(table: string, rows: Iterable<readonly Parameter[]> | AsyncIterable<readonly Parameter[]>,
             options: StatementOptions & { columns?: string[]; schema?: string; pageRows?: number } = {}): Promise<number> {
    return this.turn(async () => {
      const key = this.keyed() && Array.isArray(rows) ? new Key(this.instance) : null;
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await this.insertOnce(table, rows, options, key);
        } catch (error) {
          if (key === null || !(await this.client.again(error, attempt))) throw error;
        }
      }
    });
  }

  private async insertOnce(table: string, rows: Iterable<readonly Parameter[]> | AsyncIterable<readonly Parameter[]>,
                           options: StatementOptions & { columns?: string[]; schema?: string; pageRows?: number },
                           key: Key | null): Promise<number> {
    const end = this.client.begin("BulkInsert", table, this.id);
    const { promise, resolve, reject } = deferred<any>();
    const call = this.stub["BulkInsert"](this.client.headers(), (failed: unknown, answer: unknown) =>
      failed ? reject(fromCall(failed)) : resolve(answer));
    let over = false;
    const settled = promise.then(() => { over = true; }, () => { over = true; });
    const write = async (message: object): Promise<void> => {
      if (over || call.write(message)) return;
      await Promise.race([new Promise((drained) => call.once("drain", drained)), settled]);
    };
    const abort = () => call.cancel();
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      await write({ target: {
        session_id: this.id, schema: options.schema ?? "", table, columns: options.columns ?? [],
        options: this.statementOptions(options, key),
      } });
      let page: (readonly Parameter[])[] = [];
      for await (const row of rows) {
        if (over) break;
        page.push(row);
        if (page.length < (options.pageRows ?? BULK_ROWS)) continue;
        await write({ page: encodeRows(page) });
        page = [];
      }
      if (page.length > 0) await write({ page: encodeRows(page) });
      if (!over) {
        call.write({ last: true });
        call.end();
      }
    } catch (broken) {
      // The rows' own error: without the last message nothing is inserted.
      call.cancel();
      this.unsure = true;
      await settled;
      end(broken);
      throw broken;
    } finally {
      options.signal?.removeEventListener("abort", abort);
    }
    try {
      const response = await promise;
      this.notice(response.notices);
      this.status = response.transaction_status;
      end();
      return response.rows;
    } catch (error) {
      this.failed(error);
      end(error);
      throw error;
    }
  }

  async begin(options: TransactionOptions = {}): Promise<void> {
    const response = await this.send("Begin", () => ({
      session_id: this.id,
      transaction: {
        isolation: options.isolation === undefined ? "ISOLATION_UNSPECIFIED" : LEVELS[options.isolation],
        ...(options.readOnly === undefined ? {} : { read_only: options.readOnly }),
        deferrable: options.deferrable ?? false,
      },
    }), false);
    this.status = response.transaction_status;
  }

  /** Commits. Sent again with its key when the answer is lost. */
  async commit(): Promise<void> {
    const key = new Key(this.instance);
    try {
      const response = await this.send("Commit", () => ({ session_id: this.id, idempotency: key.message() }), true);
      this.notice(response.notices);
      this.status = response.transaction_status;
    } catch (error) {
      const lost = error instanceof AdbmsError && (error.sqlstate === "08006" || error.sqlstate === "08003");
      if (!lost) throw error;
      throw new ConnectionError("08007", "it is not known whether the transaction was committed");
    }
  }

  async rollback(): Promise<void> {
    const response = await this.send("Rollback", () => ({ session_id: this.id }), true);
    this.status = response.transaction_status;
  }

  /** Runs `work` in a transaction: committed at its end, rolled back after an error, and run again from its beginning
   *  while the server says that this may help (40001, 40P01). */
  async transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      await this.begin(options);
      try {
        const result = await work(this);
        await this.commit();
        return result;
      } catch (error) {
        if (!this.closed && this.inTransaction) await this.rollback().catch(() => {});
        const again = error instanceof AdbmsError && error.retry !== null && attempt + 1 < (options.attempts ?? 10);
        if (!again) throw error;
      }
      await this.client.pause(attempt);
    }
  }

  /** Stops what runs; false when nothing does. */
  async cancel(): Promise<boolean> {
    return (await this.client.call(this.stub, "Cancel", () => ({ session_id: this.id }), true)).running;
  }

  /** Ends the session, which rolls back. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.keeper !== null) clearInterval(this.keeper);
    this.streaming?.cancel();
    // It ends by itself when it has been idle.
    await this.client.call(this.stub, "CloseSession", () => ({ session_id: this.id }), false, undefined, 5000).catch(() => {});
  }

  // Calls ---------------------------------------------------------------------------------------

  private checkReady(): void {
    if (this.closed) throw new ConnectionError("08003", "the session is closed");
    if (this.streaming !== null) {
      throw new AdbmsError("55000", "a stream of this session is being read",
                           "Read it to its end, or use another session.");
    }
  }

  // Runs one after another what uses the session.
  private turn<T>(work: () => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      this.checkReady();
      if (this.unsure) await this.askStatus();
      return work();
    };
    const mine = this.queue.then(run, run);
    this.queue = mine.catch(() => {});
    return mine;
  }

  private keyed(): boolean {
    return (this.options.idempotent ?? false) && !this.inTransaction;
  }

  private statementOptions(options: StatementOptions, key: Key | null): object {
    return {
      settings: options.settings ?? {},
      timeout_ms: options.timeoutMs === undefined ? 0 : Math.max(1, Math.round(options.timeoutMs)),
      ...(key === null ? {} : { idempotency: key.message() }),
    };
  }

  private request(sql: string | Statement, parameters: readonly Parameter[], options: StatementOptions, key: Key | null): object {
    const named = typeof sql !== "string";
    return {
      session_id: this.id,
      ...(named ? { statement: sql.name } : { sql }),
      parameters: parameters.map((value) => valueOf(value, !named)),
      options: this.statementOptions(options, key),
    };
  }

  private async *execute(method: string, request: object, options: StatementOptions, handle?: { cancel(): void },
                         known: ColumnMessage[] | null = null): AsyncGenerator<{
    message: ExecuteResponse; columns: ColumnMessage[] | null; values: unknown[][] | null; count: number;
  }> {
    const { sql } = request as { sql?: string };
    const end = this.client.begin(method, sql, this.id);
    options.signal?.throwIfAborted();
    const call = this.stub[method](request, this.client.headers());
    if (handle !== undefined) handle.cancel = () => call.cancel();
    const abort = () => call.cancel();
    options.signal?.addEventListener("abort", abort, { once: true });
    let columns = known;
    let complete = false;
    let problem: unknown;
    try {
      for await (const message of call as AsyncIterable<ExecuteResponse>) {
        if (message.header !== null) columns = message.header.columns;
        const values = message.page === null || columns === null
          ? null
          : decodePage(columns, message.page, this.options.timestamps ?? "date");
        this.notice(message.notices);
        Object.assign(this.told, message.settings);
        if (message.completion !== null) this.status = message.completion.transaction_status;
        const ended = message.completion !== null;
        yield { message, columns, values, count: message.page?.row_count ?? 0 };
        if (ended) columns = known;
      }
      complete = true;
    } catch (failed) {
      problem = fromCall(failed);
      this.failed(problem);
      complete = true;
      throw problem;
    } finally {
      options.signal?.removeEventListener("abort", abort);
      if (!complete) {  // The reader has left.
        call.on("error", () => {});
        call.cancel();
        this.unsure = true;
      }
      end(problem);
    }
  }

  /** A unary call in its turn. @internal */
  send(method: string, request: () => object, repeat: boolean, sql?: string): Promise<any> {
    return this.turn(() => this.answer(method, request, repeat, sql));
  }

  private async answer(method: string, request: () => object, repeat: boolean, sql?: string): Promise<any> {
    try {
      return await this.client.call(this.stub, method, request, repeat, sql);
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  private failed(error: unknown): void {
    if (!(error instanceof AdbmsError)) return;
    if (error.transactionStatus !== "TRANSACTION_STATUS_UNSPECIFIED") this.status = error.transactionStatus;
    else if (error.sqlstate === "08003") this.status = IDLE;
    else if (error.sqlstate === "57014") this.unsure = true;  // Given up here: the server says where that leaves us.
  }

  private async askStatus(): Promise<void> {
    this.unsure = false;
    for (const limit = performance.now() + 10_000; performance.now() < limit;) {
      const answer = await this.client.call(this.stub, "KeepAlive", () => ({ session_id: this.id }), true);
      if (!answer.running) {
        this.status = answer.transaction_status;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private notice(notices: NoticeMessage[]): void {
    for (const notice of notices) {
      this.options.onNotice?.({ severity: notice.severity, message: notice.error.message, sqlstate: notice.error.sqlstate });
    }
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
