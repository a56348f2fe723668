// A pool of sessions on the channels of a client.
import type { Client } from "./client.js";
import { ConnectionError } from "./errors.js";
import type { Session, SessionOptions } from "./session.js";

export class Pool {
  private readonly free: Session[] = [];
  private readonly waiting: (() => void)[] = [];
  private open = 0;
  private closed = false;

  /** At most `size` sessions. */
  constructor(
    private readonly client: Client,
    private readonly size = 10,
    private readonly options: SessionOptions = {},
  ) {}

  /** Runs `work` with a session; what it leaves open is rolled back. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.acquire();
    try {
      return await work(session);
    } finally {
      await this.release(session);
    }
  }

  private async acquire(): Promise<Session> {
    while (!this.closed && this.free.length === 0 && this.open >= this.size) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    if (this.closed) throw new ConnectionError("08003", "the pool is closed");
    const session = this.free.pop();
    if (session !== undefined) return session;
    this.open += 1;
    try {
      return await this.client.connect(this.options);
    } catch (error) {
      this.open -= 1;
      this.waiting.shift()?.();
      throw error;
    }
  }

  private async release(session: Session): Promise<void> {
    try {
      if (session.inTransaction) await session.rollback();
      if (this.closed) throw new ConnectionError("08003", "the pool is closed");
      this.free.push(session);
    } catch {
      this.open -= 1;
      await session.close();
    }
    this.waiting.shift()?.();
  }

  /** Closes all sessions; those that are in use when they come back. */
  async close(): Promise<void> {
    this.closed = true;
    for (const waiting of this.waiting.splice(0)) waiting();
    await Promise.all(this.free.splice(0).map((session) => session.close()));
  }
}
