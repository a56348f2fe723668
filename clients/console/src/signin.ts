// The sign-in page: asks for role and password, and goes on to the console.
import "./base.css";
import { applyTheme, chosenTheme } from "./theme";

applyTheme(chosenTheme());

const form = document.querySelector<HTMLFormElement>("#entry")!;
const button = document.querySelector<HTMLButtonElement>("#enter")!;
const problem = document.querySelector<HTMLElement>("#problem")!;
const password = document.querySelector<HTMLInputElement>("#password")!;

if (location.hash === "#expired") problem.textContent = "You were signed out. Sign in again.";

async function enter(): Promise<void> {
  const fields = new FormData(form);
  const response = await fetch("/api/signin", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ role: fields.get("role"), password: fields.get("password") }),
  });
  if (response.ok) {
    location.replace("/");
    return;
  }
  const answer: { error?: { message?: string; hint?: string } } = await response.json().catch(() => ({}));
  problem.textContent = [answer.error?.message ?? `The server answers ${response.status}.`, answer.error?.hint]
    .filter(Boolean)
    .join(" ");
  password.select();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  button.disabled = true;
  problem.textContent = "";
  enter()
    .catch(() => {
      problem.textContent = "The server does not answer.";
    })
    .finally(() => {
      button.disabled = false;
    });
});
