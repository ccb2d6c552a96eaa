// Drives Chromium over a dashboard that a test started. One step a run; a step that fails throws.
// Takes its settings from the environment: see tests/tests/dashboard/main.rs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const settings = process.env;
const require = createRequire(`${settings.BROWSER_MODULES}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PAGES = [
  "", "welcome", "connections", "connections?show=work", "connections/new", "connections/work/edit",
  "connections/work/remove", "usage", "usage?by=day&since=30d", "history", "hub", "hub/approvals",
  "secrets", "doctor", "explain/gate.network-disabled", "nowhere", "usage?by=colour",
];
const WIDTHS = [1440, 768, 360];

const browser = await chromium.launch({
  executablePath: settings.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP rebound.example 127.0.0.1"],
});

async function enter(options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(settings.ADDRESS);
  return { context, page, base: page.url() };
}

async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).first().click();
}

const steps = {
  // First run, create, a rung fails, mend it, it passes, a prompt through `serve`, row, receipt, CSV.
  async path() {
    const { page, base } = await enter();
    assert.match(await page.textContent("h1"), /Welcome/);
    await page.goto(`${base}secrets`);
    await page.fill("#reference", `file:${settings.KEY_FILE}`);
    await page.fill("#value", "sk-fake-wrong-key");
    await press(page, "Keep it there");
    assert.match(await page.textContent("main"), /Kept in/);
    assert.ok(!(await page.content()).includes("sk-fake-wrong-key"));

    // What an empty form says to somebody who has no key here, and where its link leads.
    await page.goto(`${base}connections/new?provider=openai`);
    assert.doesNotMatch(await page.textContent("label[for=credential]"), /optional/);
    await page.getByRole("link", { name: "store it" }).click();
    assert.equal(await page.inputValue("#reference"), "file:~/.synapse/openai.token");
    await page.goBack();
    await page.goBack();

    await page.getByRole("link", { name: "New connection with this key" }).click();
    assert.equal(await page.inputValue("#credential"), `file:${settings.KEY_FILE}`);
    await page.fill("#name", "work");
    await page.fill("#model", settings.MODEL.slice(0, -1));
    await page.check("#network");
    await page.click("summary:has-text('More')");
    await page.fill("#base_url", settings.BASE_URL);
    await press(page, "Check and save");
    await page.waitForLoadState("load");
    assert.match(await page.textContent(".verdict"), /Not saved/);
    assert.equal(await page.getAttribute("[data-rung=token]", "data-outcome"), "fail");
    assert.equal(await page.getAttribute("[data-rung=reach]", "data-outcome"), "ok");

    writeFileSync(settings.KEY_FILE, `${settings.KEY}\n`, { mode: 0o600 });
    await press(page, "Check and save");
    await page.waitForLoadState("load");
    assert.match(await page.textContent(".verdict"), new RegExp(`spelled nearly so: ${settings.MODEL}`));
    // The id comes from the provider's own list, and the form is as it was.
    await press(page, "List the models");
    const listed = await page.locator("#listed option").evaluateAll((all) => all.map((each) => each.value));
    assert.ok(listed.includes(settings.MODEL), listed.join());
    assert.equal(await page.inputValue("#credential"), `file:${settings.KEY_FILE}`);
    await page.selectOption("#listed", settings.MODEL);
    // Enter is the same as the first visible button.
    await page.press("#model", "Enter");
    await page.waitForLoadState("load");
    assert.match(await page.textContent(".verdict"), /Saved work/);
    await page.goto(`${base}connections?show=work`);
    assert.match(await page.textContent("main"), /proved|work/);

    await prompt();
    await page.goto(`${base}history`);
    assert.match(await page.textContent("table"), /answered/);
    await page.click("tbody td a");
    assert.match(await page.textContent("h1"), /Receipt of/);
    assert.match(await page.textContent(".slip"), /requests sent\s*1/);
    const csv = await page.request.get(`${base}usage?by=connection&format=csv`);
    assert.match(await csv.text(), /^key,calls,ok/);
    assert.match(await csv.text(), /work,1,1/);
    const json = await (await page.request.get(`${base}history?format=json`)).json();
    assert.equal(json.schema, "synapse.history/1");
    assert.equal(json.entries.length, 1);
  },

  // No violation that axe knows of, and no page wider than its window, whatever page, theme, width.
  async access() {
    const { context, page, base } = await enter({ javaScriptEnabled: true, bypassCSP: true });
    let looked = 0;
    const faults = new Set();
    for (const theme of ["light", "dark"]) {
      await page.goto(base);
      await press(page, theme === "light" ? "Light" : "Dark");
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        for (const path of PAGES) {
          await page.goto(`${base}${path}`);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (overflow > 0) faults.add(`${path} is ${overflow} px too wide at ${width}`);
          const room = await page.evaluate(() => {
            const [title, head] = ["main .head .grow", "main .head"].map((each) => document.querySelector(each));
            return title && head ? title.clientWidth / head.clientWidth : 1;
          });
          if (width < 820 && room < 0.99) faults.add(`the title of ${path} is squeezed at ${width}`);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
          for (const each of violations) faults.add(`${path} ${theme}: ${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
          looked += 1;
        }
      }
    }
    for (const width of [320, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of PAGES) {
        await page.goto(`${base}${path}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) faults.add(`${path} is ${overflow} px too wide at ${width}`);
      }
    }
    assert.deepEqual([...faults], []);
    console.log(`${looked} pages looked at, no violation`);
    await context.close();
  },

  // Every link, field and button is reached in order and shows a ring.
  async keyboard() {
    const { page, base } = await enter({ javaScriptEnabled: true });
    for (const path of ["", "connections/new", "history", "secrets"]) {
      await page.goto(`${base}${path}`);
      let before = -1;
      for (let stop = 0; stop < 200; stop += 1) {
        await page.keyboard.press("Tab");
        const focus = await page.evaluate(() => {
          const element = document.activeElement;
          if (element === document.body) return null;
          const all = [...document.querySelectorAll("*")];
          const style = getComputedStyle(element);
          const label = element.closest("label");
          const ring = [style, label && getComputedStyle(label)].some((each) => each && each.outlineStyle !== "none");
          return { place: all.indexOf(element), ring, html: element.outerHTML.slice(0, 120) };
        });
        if (focus === null) break;
        assert.ok(focus.ring, `no ring: ${focus.html}`);
        assert.ok(focus.place > before, `out of order: ${focus.html}`);
        before = focus.place;
      }
    }
  },

  // Neither another site, nor a frame without an origin, nor another port changes or learns anything.
  async strangers() {
    const { page, base, context } = await enter({ javaScriptEnabled: true });
    const seen = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.cookie ?? "");
      response.setHeader("content-type", "text/html");
      response.end(`<form id=f method=post action="${base}doctor"><input name=csrf value=x><button>go</button></form>
        <iframe sandbox="allow-forms allow-scripts" srcdoc='<form method=post action="${base}doctor"><button id=b>go</button></form><script>b.click()</script>'></iframe>`);
    });
    await new Promise((ready) => other.listen(0, "127.0.0.1", ready));
    other.unref();
    const { port } = other.address();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.goto(`http://localhost:${port}/`);
    assert.ok(seen.length >= 2);
    assert.deepEqual(seen.filter((cookie) => cookie !== ""), [], "a server on another port gets no cookie");
    const answered = page.waitForResponse((response) => response.url().endsWith("/doctor"));
    await page.evaluate(() => document.querySelector("#f").submit());
    // The strict cookie is not even sent.
    assert.ok([401, 403].includes((await answered).status()));
    await page.waitForURL(`${base}doctor`).catch(() => {});
    await page.waitForLoadState("load");
    await page.goto(`http://127.0.0.1:${port}/`);
    const sent = await page.evaluate(async (target) => {
      try {
        const answer = await fetch(target, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ csrf: "x" }) });
        return answer.type;
      } catch {
        return "refused";
      }
    }, `${base}doctor`);
    assert.ok(["opaque", "refused"].includes(sent));
    const rebound = base.replace("127.0.0.1", "rebound.example");
    // The answer has no body, which a browser takes for a failed navigation.
    const stray = await context.newPage();
    const misdirected = stray.waitForResponse((response) => response.url() === rebound);
    await stray.goto(rebound).catch(() => {});
    assert.equal((await misdirected).status(), 421);
    await stray.close();
    await page.goto(`${base}doctor`);
    assert.match(await page.textContent("main"), /No checks yet/);
    const again = await page.goto(settings.ADDRESS);
    assert.equal(again.status(), 410, "the token was used");
    await context.close();
    other.close();
  },

  // Texts of strangers stay texts: payloads in every place that a browser lets one fill.
  async payloads() {
    const { page, base } = await enter({ javaScriptEnabled: true });
    let alarms = 0;
    await page.exposeFunction("alarm", () => { alarms += 1; });
    page.on("dialog", (dialog) => { alarms += 1; dialog.dismiss(); });
    const list = payloads();
    for (const payload of list) {
      const text = encodeURIComponent(payload);
      for (const path of [`history?words=${text}`, `history?where=${text}`, `usage?connection=${text}`, `usage?since=${text}`,
        `connections?show=${text}`, `connections/new?credential=${text}`, `secrets?reference=${text}`, `explain/${text}`, `${text}`]) {
        await page.goto(`${base}${path}`).catch(() => {});
        assert.equal(await page.locator("main script, main iframe, main img, main object, main [onerror], main [onload]").count(), 0, path);
      }
      await page.goto(`${base}connections/new`);
      for (const field of ["name", "model", "credential"]) await page.fill(`#${field}`, payload);
      await press(page, "Check and save");
      assert.equal(await page.locator("main script, main iframe, main img, main object").count(), 0, payload);
    }
    assert.equal(alarms, 0);
    console.log(`${list.length} payloads, none ran`);
  },

  // Every page that the guide shows. With a directory, their pictures in both themes, wide and narrow.
  async pictures() {
    const { page, base } = await enter();
    const named = { "": "overview", connections: "connections", "connections?show=work": "connection", "connections/new": "new",
      "connections/work/edit": "edit", "connections/work/remove": "remove", "usage?since=30d": "usage", history: "history",
      hub: "hub", "hub/approvals": "approvals", secrets: "secrets", doctor: "doctor", welcome: "welcome",
      "explain/gate.network-disabled": "code", "usage?by=colour": "error", nowhere: "missing" };
    const keep = (name) => { named[page.url().slice(base.length)] = name; };
    await page.goto(`${base}connections?show=work`);
    await page.getByRole("button", { name: "Check now" }).first().click();
    await page.waitForLoadState("load");
    keep("check");
    await page.goto(`${base}connections/work/edit`);
    await press(page, "List the models");
    keep("models");
    await page.goto(`${base}doctor`);
    await page.getByRole("button", { name: /^Look/ }).first().click();
    await page.goto(`${base}history?where=connection%3Dwork`);
    await page.locator("tbody td a").first().click();
    keep("receipt");
    // It offers another description by now.
    await page.goto(`${base}hub`);
    await page.locator("form[action$='hub/notes/start'] button").click();
    await page.goto(`${base}hub`);
    await page.getByRole("button", { name: /^Log in/ }).first().click();
    await press(page, "Log in there");
    await press(page, "Log in, and register a client");
    await press(page, "Log in there");
    keep("login");
    console.log(`pages ${Object.values(named).sort().join(" ")}`);
    if (!settings.PICTURES) return;
    mkdirSync(settings.PICTURES, { recursive: true });
    for (const theme of ["Light", "Dark"]) {
      for (const [width, size] of [[1440, "wide"], [390, "narrow"]]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(base);
        await press(page, theme);
        for (const [path, name] of Object.entries(named)) {
          await page.goto(`${base}${path}`);
          await page.screenshot({ path: `${settings.PICTURES}/dashboard-${name}-${theme.toLowerCase()}-${size}.png`, fullPage: true });
        }
      }
    }
  },
};

function payloads() {
  const bodies = [
    "<script>alarm()</script>", "<img src=x onerror=alarm()>", "<svg onload=alarm()>", "<iframe srcdoc='<script>parent.alarm()</script>'>",
    "<details open ontoggle=alarm()>", "<body onload=alarm()>", "<a href=javascript:alarm()>x</a>", "<style>*{background:url(//x)}</style>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
  ];
  const leads = ["", "\">", "'>", "</title></textarea></style>"];
  return leads.flatMap((lead) => bodies.map((body) => `${lead}${body}`));
}

/// One prompt through a spawned server, as an IDE sends it.
async function prompt() {
  const server = spawn(settings.SYNAPSE, ["serve"], { env: { ...settings }, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const answers = lines[Symbol.asyncIterator]();
  const say = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const answer = async (id) => {
    for (;;) {
      const { value, done } = await answers.next();
      assert.ok(!done, "the server answered");
      const message = JSON.parse(value);
      if (message.id === id) return message;
    }
  };
  say({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "browser-test", version: "1" } } });
  await answer(1);
  say({ method: "notifications/initialized" });
  say({ id: 2, method: "tools/call", params: { name: "chat", arguments: { prompt: "Say hello" } } });
  const { result } = await answer(2);
  assert.ok(!result.isError, JSON.stringify(result));
  server.stdin.end();
  await new Promise((ended) => server.on("exit", ended));
}

try {
  await steps[process.argv[2]]();
  console.log(`ok ${process.argv[2]}`);
} catch (error) {
  console.log(error.stack, error.actual);
  process.exitCode = 1;
} finally {
  await browser.close();
}
