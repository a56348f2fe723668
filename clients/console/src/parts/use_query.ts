// Asks the database, and asks again while the page is looked at.
import { useCallback, useEffect, useRef, useState } from "react";
import { type Cell, type Row, SqlError, checkMonitor, query } from "../api";

export interface Answer<T> {
  data: T | undefined;
  error: SqlError | undefined;
  /** Asks now. */
  refresh: () => void;
}

/** Whether pages ask again by themselves. */
let live = localStorage.getItem("adbms.live") !== "off";
export function isLive(): boolean {
  return live;
}
export function setLive(on: boolean): void {
  live = on;
  localStorage.setItem("adbms.live", on ? "on" : "off");
  document.dispatchEvent(new Event("livechange"));
}

/** What `ask` answers, again after `everyMs` (0: once). `key` tells one question from another. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number, key: string): Answer<T> {
  const [data, setData] = useState<T>();
  const [error, setError] = useState<SqlError>();
  const [asked, setAsked] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    setData(undefined);
    setError(undefined);
  }, [key]);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let tookMs = 0;
    // What takes long to answer is asked for less often.
    const again = (): void => {
      if (everyMs > 0 && !stop.signal.aborted) timer = setTimeout(once, Math.max(everyMs, 10 * tookMs));
    };
    const once = async (): Promise<void> => {
      if (timer !== undefined && (document.hidden || !live)) return again();
      const begun = performance.now();
      try {
        const answer = await latest.current(stop.signal);
        if (stop.signal.aborted) return;
        tookMs = performance.now() - begun;
        setData(answer);
        setError(undefined);
      } catch (problem) {
        if (stop.signal.aborted) return;
        const error = problem instanceof SqlError ? problem : new SqlError({ message: String(problem) });
        setError(error);
        // Asking again would be denied again.
        if (error.denied) return;
      }
      again();
    };
    void once();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [everyMs, key, asked]);

  const refresh = useCallback(() => setAsked((n) => n + 1), []);
  return { data, error, refresh };
}

/** What the services keep of all users. */
const ofAllUsers = /\badbms\.(actions|audit_heads|knob_history|models|modules|security_events|statements)\b/;

/** The rows of a statement. A relation that nobody has made yet has none. */
export function useQuery(sql: string, everyMs = 0, parameters: Cell[] = [], database?: string): Answer<Row[]> {
  const ask = async (signal: AbortSignal): Promise<Row[]> => {
    if (ofAllUsers.test(sql)) checkMonitor();
    try {
      return await query(sql, { parameters, signal, background: true, ...(database ? { database } : {}) });
    } catch (problem) {
      if (problem instanceof SqlError && problem.absent) return [];
      throw problem;
    }
  };
  return useAnswer(ask, everyMs, JSON.stringify([sql, parameters, database]));
}
