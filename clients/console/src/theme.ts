// Dark or light: as the system has it, until somebody chooses here.
export type Theme = "system" | "light" | "dark";

const key = "adbms.theme";

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
  document.dispatchEvent(new Event("themechange"));
}
