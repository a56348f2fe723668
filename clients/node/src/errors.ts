// Errors, by SQLSTATE.
import * as grpc from "@grpc/grpc-js";
import { decodeError, type ErrorMessage, type TransactionStatus } from "./messages.js";

/** Whether what has failed may succeed: the transaction at once, or the same after a pause. */
export type Retry = "transaction" | "later" | null;

/** Base of all errors, with everything that the server tells. */
export class AdbmsError extends Error {
  /** Five characters; PostgreSQL's appendix A. */
  sqlstate: string;
  detail = "";
  hint = "";
  /** In characters from 1; 0: not told. */
  position = 0;
  schema = "";
  table = "";
  column = "";
  constraint = "";
  routine = "";
  retry: Retry = null;
  /** Where the session stands after it. */
  transactionStatus: TransactionStatus = "TRANSACTION_STATUS_UNSPECIFIED";

  constructor(sqlstate: string, message: string, hint = "") {
    super(message);
    this.name = new.target.name;
    this.sqlstate = sqlstate;
    this.hint = hint;
  }
}
/** The connection, the session or the program's use of them. */
export class ConnectionError extends AdbmsError {}
/** 22: a value that cannot be. */
export class DataError extends AdbmsError {}
/** 23: a constraint does not hold. */
export class IntegrityError extends AdbmsError {}
/** 40: run the transaction again. */
export class TransactionRollback extends AdbmsError {}
/** 42 and the like: a statement that cannot be. */
export class ProgrammingError extends AdbmsError {}
/** 0A */
export class NotSupportedError extends AdbmsError {}
/** 57014: cancelled, or out of time. */
export class QueryCanceled extends AdbmsError {}
/** No room, no service. */
export class OperationalError extends AdbmsError {}

function make(sqlstate: string, message: string): AdbmsError {
  if (sqlstate === "57014") return new QueryCanceled(sqlstate, message);
  switch (sqlstate.slice(0, 2)) {
    case "08":
      return new ConnectionError(sqlstate, message);
    case "0A":
      return new NotSupportedError(sqlstate, message);
    case "22":
      return new DataError(sqlstate, message);
    case "23":
      return new IntegrityError(sqlstate, message);
    case "40":
      return new TransactionRollback(sqlstate, message);
    case "3D":
    case "3F":
    case "42":
    case "44":
      return new ProgrammingError(sqlstate, message);
    case "28":
    case "53":
    case "54":
    case "55":
    case "57":
    case "58":
      return new OperationalError(sqlstate, message);
    default:
      return new AdbmsError(sqlstate, message);
  }
}

export function fromMessage(told: ErrorMessage): AdbmsError {
  const error = make(told.sqlstate, told.message);
  error.detail = told.detail;
  error.hint = told.hint;
  error.position = told.position;
  error.schema = told.schema;
  error.table = told.table;
  error.column = told.column;
  error.constraint = told.constraint;
  error.routine = told.routine;
  error.transactionStatus = told.transaction_status;
  if (told.retry === "RETRY_TRANSACTION") error.retry = "transaction";
  if (told.retry === "RETRY_LATER") error.retry = "later";
  return error;
}

const BY_CODE = new Map<grpc.status, string>([
  [grpc.status.UNAVAILABLE, "08006"],
  [grpc.status.DEADLINE_EXCEEDED, "57014"],
  [grpc.status.CANCELLED, "57014"],
  [grpc.status.UNAUTHENTICATED, "28000"],
  [grpc.status.PERMISSION_DENIED, "42501"],
  [grpc.status.RESOURCE_EXHAUSTED, "54000"],
  [grpc.status.UNIMPLEMENTED, "0A000"],
]);

/** The error of a call that has failed; anything else as it is. */
export function fromCall(failed: unknown): unknown {
  if (!(failed instanceof Error) || !("code" in failed) || !("metadata" in failed)) return failed;
  const call = failed as grpc.ServiceError;
  const trailer = call.metadata?.get("adbms-sql-error-bin")?.[0];
  if (trailer instanceof Buffer) return fromMessage(decodeError(trailer));
  const error = make(BY_CODE.get(call.code) ?? "XX000", call.details || call.message);
  if (call.code === grpc.status.UNAVAILABLE || /RST_STREAM|ECONNRESET/.test(call.details ?? "")) {
    error.retry = "later";
  }
  return error;
}
