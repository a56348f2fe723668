// The messages of gateway.proto as they are on this side, and how they get to the wire.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as loader from "@grpc/proto-loader";

export type TransactionStatus =
  | "TRANSACTION_STATUS_UNSPECIFIED"
  | "TRANSACTION_STATUS_IDLE"
  | "TRANSACTION_STATUS_OPEN"
  | "TRANSACTION_STATUS_FAILED";

export interface PageColumn {
  encoding: string;
  nulls: Buffer;
  values: Buffer;
  offsets: Buffer;
}
export interface Page {
  row_count: number;
  columns: PageColumn[];
}
export interface ColumnMessage {
  name: string;
  type_oid: number;
  type_name: string;
  type_modifier: number;
  element_oid: number;
  table_oid: number;
  column_number: number;
  encoding: string;
}
export interface ErrorMessage {
  sqlstate: string;
  message: string;
  detail: string;
  hint: string;
  position: number;
  schema: string;
  table: string;
  column: string;
  constraint: string;
  routine: string;
  retry: string;
  transaction_status: TransactionStatus;
}
export interface NoticeMessage {
  severity: string;
  error: ErrorMessage;
}
export interface ExecuteResponse {
  header: { columns: ColumnMessage[] } | null;
  page: Page | null;
  completion: {
    command_tag: string;
    rows?: number;
    suspended: boolean;
    transaction_status: TransactionStatus;
  } | null;
  notices: NoticeMessage[];
  settings: Record<string, string>;
}
export interface Description {
  parameters: { type_oid: number; type_name: string; element_oid: number }[];
  columns: ColumnMessage[];
  returns_rows: boolean;
}

const PROTO = join(dirname(fileURLToPath(import.meta.url)), "proto");
const definition = loader.loadSync("adbms/gateway/v1/gateway.proto", {
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
  includeDirs: [PROTO],
});

interface Package {
  adbms: { gateway: { v1: { GatewayService: grpc.ServiceClientConstructor } } };
}
export const GatewayClient = (grpc.loadPackageDefinition(definition) as unknown as Package).adbms
  .gateway.v1.GatewayService;

const service = definition["adbms.gateway.v1.GatewayService"] as loader.ServiceDefinition;
const readResponse = service["Execute"]!.responseDeserialize as (bytes: Buffer) => object;

// A field of a message whose content is these bytes.
function field(number: number, content: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let length = content.length;
  for (; length > 127; length >>= 7) head.push((length & 127) | 128);
  head.push(length);
  return Buffer.concat([Buffer.from(head), content]);
}

// What the trailer of a failed call tells. The loader reads what methods answer only: an error is a part of a notice,
// which is a part of such an answer.
export function decodeError(bytes: Buffer): ErrorMessage {
  const { notices } = readResponse(field(5, field(2, bytes))) as unknown as ExecuteResponse;
  return notices[0]!.error;
}
