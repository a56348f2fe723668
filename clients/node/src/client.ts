// Where the server is and who calls: channels, credentials, retries, hooks for tracing.
import * as grpc from "@grpc/grpc-js";
import { AdbmsError, fromCall } from "./errors.js";
import { GatewayClient } from "./messages.js";
import { Session, type SessionOptions } from "./session.js";

/** What is trusted, and who this is; PEM. No roots: the system's. */
export interface Tls {
  rootCertificates?: Buffer;
  privateKey?: Buffer;
  certificateChain?: Buffer;
  /** As the certificate has it, if not the address's. */
  serverName?: string;
}

/** How often, and after what pause, a call is sent again that may be sent twice. */
export interface RetryPolicy {
  attempts: number;
  firstPauseMs: number;
  longestPauseMs: number;
}

/** A call, told when it begins and when it ends. */
export interface CallEvent {
  method: string;
  sql?: string;
  sessionId?: string;
  ended: boolean;
  milliseconds: number;
  error?: unknown;
}

export interface ClientOptions {
  /** host:port of the gRPC front. */
  address: string;
  user?: string;
  password?: string;
  /** In place of user and password. */
  token?: string;
  tls?: Tls;
  /** TCP connections that the sessions share; 1. */
  channels?: number;
  retry?: Partial<RetryPolicy>;
  trace?: (event: CallEvent) => void;
  /** For each call: `() => ({ traceparent: currentSpan() })`. */
  metadata?: () => Record<string, string>;
}

export type Stub = grpc.Client & Record<string, any>;

export class Client {
  readonly options: ClientOptions;
  readonly retry: RetryPolicy;
  private readonly stubs: Stub[] = [];
  private next = 0;

  constructor(options: ClientOptions) {
    this.options = options;
    this.retry = { attempts: 4, firstPauseMs: 50, longestPauseMs: 1000, ...options.retry };
    const { tls } = options;
    const credentials = tls === undefined
      ? grpc.credentials.createInsecure()
      : grpc.credentials.createSsl(tls.rootCertificates ?? null, tls.privateKey ?? null, tls.certificateChain ?? null);
    for (let number = 0; number < Math.max(1, options.channels ?? 1); number += 1) {
      this.stubs.push(new GatewayClient(options.address, credentials, {
        "grpc.max_receive_message_length": -1,
        "grpc.max_send_message_length": -1,
        "grpc.use_local_subchannel_pool": 1,
        "grpc.keepalive_time_ms": 60_000,
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.min_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 1000,
        ...(tls?.serverName === undefined ? {} : { "grpc.ssl_target_name_override": tls.serverName }),
      }) as unknown as Stub);
    }
  }

  /** Opens a session. */
  async connect(options: SessionOptions = {}): Promise<Session> {
    return Session.open(this, options);
  }

  /** Runs `work` in a session of its own. */
  async session<T>(work: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    const session = await this.connect(options);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** Closes the channels. */
  close(): void {
    for (const stub of this.stubs) stub.close();
  }

  /** @internal */
  stub(): Stub {
    this.next = (this.next + 1) % this.stubs.length;
    return this.stubs[this.next]!;
  }

  /** @internal */
  headers(): grpc.Metadata {
    const metadata = new grpc.Metadata();
    const { user, password, token } = this.options;
    const basic = () => Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64");
    metadata.set("authorization", token === undefined ? `Basic ${basic()}` : `Bearer ${token}`);
    for (const [name, value] of Object.entries(this.options.metadata?.() ?? {})) metadata.set(name, value);
    return metadata;
  }

  /** @internal */
  begin(method: string, sql?: string, sessionId?: string): (error?: unknown) => void {
    const { trace } = this.options;
    if (trace === undefined) return () => {};
    const start = performance.now();
    trace({ method, sql, sessionId, ended: false, milliseconds: 0 });
    return (error) => trace({ method, sql, sessionId, ended: true, milliseconds: performance.now() - start, error });
  }

  /** Whether the call is worth another attempt; waits before it. @internal */
  async again(error: unknown, attempt: number): Promise<boolean> {
    if (!(error instanceof AdbmsError) || error.retry !== "later" || attempt + 1 >= this.retry.attempts) return false;
    await this.pause(attempt);
    return true;
  }

  /** @internal */
  async pause(attempt: number): Promise<void> {
    const longest = Math.min(this.retry.longestPauseMs, this.retry.firstPauseMs * 2 ** attempt);
    await new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
  }

  /** A unary call; `repeat`: it may be sent twice. @internal */
  async call(stub: Stub, method: string, request: () => object, repeat: boolean, sql?: string, timeoutMs?: number): Promise<any> {
    const end = this.begin(method, sql);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await new Promise((resolve, reject) => {
          const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
          stub[method](request(), this.headers(), options, (failed: unknown, answer: unknown) =>
            failed ? reject(failed) : resolve(answer));
        });
        end();
        return response;
      } catch (failed) {
        const error = fromCall(failed);
        if (repeat && (await this.again(error, attempt))) continue;
        end(error);
        throw error;
      }
    }
  }
}
