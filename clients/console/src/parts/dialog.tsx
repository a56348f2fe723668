// Asks before something is done, and tells what came of it.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { SqlError } from "../api";
import { Problem } from "./problem";

interface Props {
  title: string;
  children: ReactNode;
  verb: string;
  danger?: boolean;
  act: () => Promise<void>;
  close: () => void;
}

export function Confirm({ title, children, verb, danger, act, close }: Props): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<SqlError>();

  useEffect(() => {
    box.current?.showModal();
  }, []);

  const confirm = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      close();
    } catch (problem) {
      setError(problem instanceof SqlError ? problem : new SqlError({ message: String(problem) }));
      setBusy(false);
    }
  };

  return (
    <dialog ref={box} className="card" aria-labelledby="confirm-title" onClose={close}>
      <h2 id="confirm-title">{title}</h2>
      <div className="content">{children}</div>
      {error && <Problem error={error} />}
      <div className="actions">
        <button type="button" onClick={close}>
          Leave it
        </button>
        <button type="button" className={danger ? "primary danger" : "primary"} disabled={busy} onClick={confirm}>
          {busy ? "Working…" : verb}
        </button>
      </div>
    </dialog>
  );
}
