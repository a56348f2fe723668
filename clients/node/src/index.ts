/**
 * ADBMS over gRPC.
 *
 *     const client = new Client({ address: "127.0.0.1:7433", user: "adbms", password: "secret" });
 *     const session = await client.connect();
 *     const { rows } = await session.query("SELECT city FROM parcels WHERE weight > $1", [10]);
 *
 * @module
 */
export { Client, type CallEvent, type ClientOptions, type RetryPolicy, type Tls } from "./client.js";
export {
  AdbmsError, ConnectionError, DataError, IntegrityError, NotSupportedError, OperationalError,
  ProgrammingError, QueryCanceled, TransactionRollback, type Retry,
} from "./errors.js";
export { Pool } from "./pool.js";
export {
  Session, Statement, type Column, type Isolation, type Result, type Row, type SessionOptions,
  type StatementOptions, type TransactionOptions,
} from "./session.js";
export { Interval, Json, oids, type Parameter } from "./values.js";
