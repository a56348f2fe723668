// The frame around the pages: where to go, who one is, how it looks.
import { type ComponentType, Suspense, lazy, useEffect, useRef, useState } from "react";
import { type SessionInfo, signOut } from "./api";
import { Loading } from "./parts/problem";
import { isLive, setLive } from "./parts/use_query";
import { Actions } from "./pages/actions";
import { Indexes } from "./pages/indexes";
import { Optimizer } from "./pages/optimizer";
import { Overview } from "./pages/overview";
import { Security } from "./pages/security";
import { Statements } from "./pages/statements";
import { Tables } from "./pages/tables";
import { Tuning } from "./pages/tuning";
import { usePlace } from "./router";
import { SessionContext } from "./session";
import { type Theme, applyTheme, chosenTheme } from "./theme";

const Sql = lazy(() => import("./pages/sql"));

const pages: { name: string; title: string; page: ComponentType<{ rest: string }> }[] = [
  { name: "overview", title: "Overview", page: Overview },
  { name: "statements", title: "Statements", page: Statements },
  { name: "actions", title: "Actions", page: Actions },
  { name: "indexes", title: "Indexes", page: Indexes },
  { name: "tables", title: "Tables", page: Tables },
  { name: "tuning", title: "Tuning", page: Tuning },
  { name: "optimizer", title: "Optimizer", page: Optimizer },
  { name: "security", title: "Security", page: Security },
  { name: "sql", title: "SQL", page: Sql },
];

function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(chosenTheme());
  return (
    <select
      aria-label="Colours"
      value={theme}
      onChange={(event) => {
        const chosen = event.target.value as Theme;
        applyTheme(chosen);
        setTheme(chosen);
      }}
    >
      <option value="system">Auto</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

function LiveSwitch(): JSX.Element {
  const [on, setOn] = useState(isLive());
  return (
    <button
      type="button"
      className="live"
      aria-pressed={on}
      onClick={() => {
        setLive(!on);
        setOn(!on);
      }}
    >
      <span className={on ? "dot on" : "dot"} aria-hidden="true" />
      {on ? "Live" : "Paused"}
    </button>
  );
}

export function App({ session }: { session: SessionInfo }): JSX.Element {
  const { page, rest } = usePlace();
  const heading = useRef<HTMLHeadingElement>(null);
  const began = useRef(true);
  const here = pages.find((one) => one.name === page) ?? pages[0]!;
  const Page = here.page;

  useEffect(() => {
    document.title = `${here.title} · ADBMS`;
    // Who reads by ear is told of the new page; the first one is announced by the browser.
    if (!began.current) heading.current?.focus();
    began.current = false;
    document.querySelector(`nav a[aria-current]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here.title]);

  return (
    <SessionContext.Provider value={session}>
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        heading.current?.focus();
      }}>
        Skip to content
      </a>
      <div className="frame">
        <header>
          <span className="brand">ADBMS</span>
          <nav aria-label="Pages">
            {pages.map((one) => (
              <a key={one.name} href={`#/${one.name}`} aria-current={one === here ? "page" : undefined}>
                {one.title}
              </a>
            ))}
          </nav>
          <div className="who">
            <LiveSwitch />
            <ThemeSwitch />
            <span className="role" title={session.superuser ? "Superuser" : "Role"}>
              {session.role}
            </span>
            <button type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </header>
        <main id="main">
          <h1 tabIndex={-1} ref={heading}>
            {here.title}
          </h1>
          <Suspense fallback={<Loading />}>
            <Page rest={rest} />
          </Suspense>
        </main>
      </div>
    </SessionContext.Provider>
  );
}
