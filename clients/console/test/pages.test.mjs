// Every page in a browser, at two widths and in both themes, against a running server: nothing in the console, nothing
// that the content security policy forbids, nothing asked of anywhere else. Leaves screenshots in ADBMS_SHOTS.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const base = `http://${process.env.ADBMS_HTTP}`;
const password = process.env.ADBMS_PASSWORD;
const shots = process.env.ADBMS_SHOTS;
const patience = 30_000 * Number(process.env.ADBMS_PATIENCE ?? "1");
const pages = ["Overview", "Statements", "Actions", "Indexes", "Tables", "Tuning", "Optimizer", "Security", "SQL"];

let browser;
before(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.ADBMS_CHROMIUM, args: ["--no-sandbox"] });
});
after(() => browser?.close());

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What keeps people from it who see little, or use no mouse. */
async function isAccessible(page) {
  await page.evaluate(axe);
  const problems = await page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  });
  assert.deepEqual(problems, []);
}

/** A page that notes what it should not do. */
async function open(width, theme, state) {
  const context = await browser.newContext({
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: theme,
    ...(state ? { storageState: state } : {}),
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${base}/`)) wrong.push(`asked ${request.url()}`);
  });
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => console.error("CSP", event.violatedDirective)),
  );
  return { context, page, wrong };
}

async function signIn(page, role = "adbms", word = password) {
  await page.goto(`${base}/`);
  await page.getByLabel("Role").fill(role);
  await page.getByLabel("Password").fill(word);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
}

let kept;
async function signedIn() {
  if (!kept) {
    const { context, page, wrong } = await open(1280, "light");
    await signIn(page);
    kept = await context.storageState();
    assert.deepEqual(wrong, []);
    await context.close();
  }
  return kept;
}

async function go(page, title) {
  await page.getByRole("navigation").getByRole("link", { name: title, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  if (title === "SQL") await page.getByRole("textbox", { name: "SQL" }).waitFor();
  await page.getByText("Asking the database…").first().waitFor({ state: "detached" });
}

async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `the page is ${over} px too wide`);
}

test("a wrong password is told, and nothing is let in", async () => {
  const { context, page } = await open(390, "dark");
  await page.goto(`${base}/`);
  await page.screenshot({ path: `${shots}/signin-390-dark.png` });
  await page.getByLabel("Role").fill("adbms");
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText('password authentication failed for user "adbms"').waitFor();
  assert.ok(page.url().endsWith("/signin"));
  await fits(page);
  await context.close();
});

for (const width of [1280, 390]) {
  for (const theme of ["light", "dark"]) {
    test(`every page at ${width} px, ${theme}`, async () => {
      const { context, page, wrong } = await open(width, theme, await signedIn());
      await page.goto(`${base}/`);
      for (const title of pages) {
        await go(page, title);
        if (title === "Overview") await page.locator("canvas").nth(1).waitFor();
        if (["Statements", "Actions", "Indexes"].includes(title)) {
          await page.locator(".row.opens").first().click();
          await page.locator("section.card").last().waitFor();
        }
        await fits(page);
        if (width === 1280) await isAccessible(page);
        await page.screenshot({ path: `${shots}/${title.toLowerCase()}-${width}-${theme}.png`, fullPage: true });
      }
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = Number(/\d+/.exec(ground)[0]) > 128;
      assert.equal(light, theme === "light");
      await page.getByLabel("Colours").selectOption(theme === "light" ? "dark" : "light");
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), ground);
      assert.deepEqual(wrong, []);
      await context.close();
    });
  }
}

test("SQL by the keyboard: runs, streams, completes names, shows where an error is, cancels", async () => {
  const { context, page, wrong } = await open(1280, "light", await signedIn());
  await page.goto(`${base}/#/sql`);
  const editor = page.getByRole("textbox", { name: "SQL" });
  const write = async (text) => {
    await editor.click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  };
  await write("SELECT g AS number, 'row ' || g AS words FROM generate_series(1, 5000) g");
  await page.keyboard.press("Control+Enter");
  await page.getByText("more rows are left").waitFor();
  const cells = page.getByRole("table", { name: "Result" });
  assert.equal(await cells.getAttribute("aria-rowcount"), "1001");
  assert.ok((await cells.getByRole("row").count()) < 60, "only what is in sight is there");
  await write("SELECT nothing FROM parcels");
  await page.keyboard.press("Control+Enter");
  await page.getByText('column "nothing" does not exist').first().waitFor();
  await page.locator(".editor .error-mark").waitFor();
  await write("EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM parcels WHERE city = 'city 7'");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("columnheader", { name: "counted" }).waitFor();
  await page.screenshot({ path: `${shots}/sql-plan-1280-light.png`, fullPage: true });
  await write("BEGIN; SELECT pg_sleep(60)");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Running…").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("canceling statement due to user request").first().waitFor();
  await page.getByText("The transaction has failed").waitFor();
  await write("ROLLBACK");
  await page.keyboard.press("Control+Enter");
  await page.getByText("The transaction has failed").waitFor({ state: "detached" });
  await write("SELECT * FROM parc");
  await page.keyboard.press("Control+Space");
  await page.getByRole("option", { name: /parcels/ }).first().waitFor();
  await page.getByRole("list", { name: "Statements run before" }).getByRole("button").first().waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("tables are walked by the keyboard, and an action is taken back only when one has said so", async () => {
  const { context, page, wrong } = await open(1280, "dark", await signedIn());
  await page.goto(`${base}/#/actions`);
  await page.getByLabel("Module", { exact: true }).selectOption("indexer");
  const rows = page.getByRole("table", { name: "Actions" });
  await rows.locator("[data-row='0']").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Take back…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("DROP INDEX").waitFor();
  await page.screenshot({ path: `${shots}/take-back-1280-dark.png` });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Take back…" }).click();
  await dialog.getByRole("button", { name: "Take it back" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: /reverted/ }).waitFor();
  await page.getByLabel("What tuner may do by itself").selectOption("observe");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await page.getByRole("row", { name: /^tuner.*observe/ }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a statement's plan is shown, and run only on demand", async () => {
  const { context, page, wrong } = await open(1280, "light", await signedIn());
  await page.goto(`${base}/#/statements`);
  await page.getByLabel("Statements that contain").fill("avg(weight)");
  await page.locator(".row.opens").first().click();
  await page.getByLabel("$1").fill("city ");
  await page.getByLabel("$2").fill("3");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByRole("columnheader", { name: "Rows estimated" }).waitFor();
  assert.equal(await page.getByRole("columnheader", { name: "counted" }).count(), 0);
  await page.getByRole("button", { name: "Run and count" }).click();
  await page.getByRole("columnheader", { name: "counted" }).waitFor();
  await page.screenshot({ path: `${shots}/statement-plan-1280-light.png`, fullPage: true });
  assert.deepEqual(wrong, []);
  await context.close();
});

test("who may not see something is told so", async () => {
  const { context, page } = await open(390, "light");
  await signIn(page, "clerk", "secret");
  for (const title of pages) {
    await go(page, title);
    if (["Overview", "Statements", "Actions", "Optimizer", "Security"].includes(title))
      await page.getByText("The role clerk may not see this.").first().waitFor();
    await page.screenshot({ path: `${shots}/clerk-${title.toLowerCase()}-390-light.png`, fullPage: true });
  }
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/signin");
  await page.goto(`${base}/`);
  assert.ok(page.url().endsWith("/signin"));
  await context.close();
});

test("ten thousand statements and a thousand actions are quick", async () => {
  const { context, page, wrong } = await open(1280, "light", await signedIn());
  // As many rows as no test can make a server have in a minute.
  await page.route("**/api/sql", async (route) => {
    const { sql } = route.request().postDataJSON();
    const statements = sql.includes("FROM adbms.statements");
    if (!statements && !sql.includes("FROM adbms.actions")) return route.continue();
    const names = statements
      ? ["fingerprint", "statement", "calls", "errors", "total_ms", "mean_ms", "max_ms", "rows", "rows_scanned", "last_seen"]
      : ["id", "module", "kind", "subject", "state", "proposed_at", "applied_at", "affected"];
    const rows = Array.from({ length: statements ? 10000 : 1000 }, (_, i) =>
      names.map((name) => {
        if (name === "fingerprint") return `f${i}`;
        if (name === "statement") return `SELECT ${i} FROM parcels`;
        if (name.endsWith("_at") || name === "last_seen") return "2026-01-02 03:04:05.678+00";
        return String(i + 1);
      }),
    );
    const lines = [
      { columns: names.map((name) => ({ name, type: "text", oid: 25 })) },
      { rows },
      { complete: `SELECT ${rows.length}` },
      { end: { transaction: "I", ms: 1 } },
    ];
    return route.fulfill({ contentType: "application/x-ndjson", body: lines.map((line) => `${JSON.stringify(line)}\n`).join("") });
  });
  for (const [name, label, count] of [["statements", "Statements by time", 10000], ["actions", "Actions", 1000]]) {
    await page.goto(`${base}/#/${name}`);
    const table = page.getByRole("table", { name: label, exact: true });
    await table.locator("[data-row='0']").waitFor();
    assert.equal(await table.getAttribute("aria-rowcount"), String(count + 1));
    assert.ok((await table.getByRole("row").count()) < 60);
    const usual = await table.evaluate(async (box) => {
      const steps = [];
      for (let step = 1; step <= 20; step++) {
        const begun = performance.now();
        box.scrollTop = (box.scrollHeight * step) / 20;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        steps.push(performance.now() - begun);
      }
      return steps.sort((a, b) => a - b)[10];
    });
    assert.ok(usual < 500 * (patience / 30_000), `a step of scrolling takes ${usual} ms`);
    await table.locator(`[data-row='${count - 1}']`).waitFor();
  }
  assert.deepEqual(wrong, []);
  await context.close();
});
