import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./base.css";
import "./app.css";
import { openSession } from "./api";
import { applyTheme, chosenTheme } from "./theme";

applyTheme(chosenTheme());
const root = createRoot(document.getElementById("root")!);

openSession()
  .then((session) => root.render(<App session={session} />))
  .catch((error: unknown) => {
    root.render(
      <main className="entry">
        <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
      </main>,
    );
  });
