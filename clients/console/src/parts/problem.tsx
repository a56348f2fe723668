// What stands in place of rows: a right that is missing, an error, nothing yet.
import type { ReactNode } from "react";
import type { SqlError } from "../api";

export function Problem({ error, role }: { error: SqlError; role?: string }): JSX.Element {
  if (error.denied) {
    return (
      <div className="note" role="note">
        <strong>{role ? `The role ${role} may not see this.` : "Your role may not see this."}</strong>
        <p>{error.hint ?? error.message}</p>
      </div>
    );
  }
  return (
    <div className="note bad" role="alert">
      <strong>{error.message}</strong>
      {error.detail && <p>{error.detail}</p>}
      {error.hint && <p>{error.hint}</p>}
      <p className="muted">SQLSTATE {error.code}</p>
    </div>
  );
}

export function Nothing({ children }: { children: ReactNode }): JSX.Element {
  return <p className="nothing">{children}</p>;
}

export function Loading(): JSX.Element {
  return (
    <p className="nothing" role="status">
      Asking the database…
    </p>
  );
}
