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
    // At its field too, although the form was sent before the check ended.
    assert.ok(await page.locator("[data-at=credential]").or(page.locator("#credential-error")).isVisible());
    assert.ok(!(await page.locator("[data-at=model]").isVisible()));
    await page.getByRole("link", { name: "Go to the field" }).first().click();
    assert.ok(page.url().endsWith("#credential"));

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

    // The entry for an IDE, as it is on the page, makes a server that answers.
    await page.goto(`${base}welcome`);
    await page.getByRole("link", { name: "The entry to paste" }).click();
    const pasted = JSON.parse(await page.locator("details[open] pre.snip").first().textContent());
    const [entry] = Object.values(pasted.mcpServers ?? pasted.servers ?? pasted);
    await call(entry, "chat", { prompt: "Say hello" });
    await page.goto(`${base}history`);
    assert.equal(await page.locator("tbody td.nw").count(), 2);

    // An upstream server: added, its command shown, started once, its offer approved, called in the IDE.
    await page.goto(`${base}hub`);
    await page.fill("form[action$='/hub/add'] #name", "notes");
    await page.fill("#declaration", settings.UPSTREAM);
    await press(page, "Add");
    assert.equal(await page.locator(".argv code").first().textContent(), settings.UPSTREAM);
    await press(page, "Start it once, to see what it offers");
    assert.match(await page.textContent(".diff"), /echo/);
    await press(page, "Approve all of this");
    await page.goto(`${base}hub`);
    assert.match(await page.textContent("[data-server=notes]"), /approved/);
    await call(entry, "notes__echo", {});
    await page.goto(`${base}history?where=tool%3Decho`);
    assert.match(await page.textContent("table"), /notes hub/);
    await page.goto(`${base}welcome`);
    assert.match(await page.textContent(".lede"), /5 of 6 are done/);
  },

  // No violation that axe knows of, and no page wider than its window, whatever page, theme, width.
  async access() {
    const { context, page, base } = await enter({ javaScriptEnabled: true, bypassCSP: true });
    const paths = Object.keys(await everyPage(page, base));
    console.log(`paths ${paths.join(" ")}`);
    let looked = 0;
    const faults = new Set();
    const wide = async (path, width, how) => {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (overflow > 0) faults.add(`${path} is ${overflow} px too wide at ${width}${how}`);
    };
    const judge = async (path, theme, where = page) => {
      await where.evaluate(axe);
      const { violations } = await where.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const each of violations) faults.add(`${path} ${theme}: ${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
      looked += 1;
    };
    for (const theme of ["light", "dark"]) {
      await page.goto(base);
      await press(page, theme === "light" ? "Light" : "Dark");
      for (const path of paths) {
        await page.goto(`${base}${path}`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          await wide(path, width, "");
          const room = await page.evaluate(() => {
            const [title, head] = ["main .head .grow", "main .head"].map((each) => document.querySelector(each));
            return title && head ? title.clientWidth / head.clientWidth : 1;
          });
          if (width < 820 && room < 0.99) faults.add(`the title of ${path} is squeezed at ${width}`);
          await judge(path, theme);
        }
      }
    }
    for (const path of paths) {
      await page.goto(`${base}${path}`);
      for (const how of ["", " with wide fonts"]) {
        if (how) await page.addStyleTag({ content: "* { font-family: 'DejaVu Sans Mono', monospace !important; letter-spacing: .03em !important; }" });
        for (const width of [320, 360, 1600]) {
          await page.setViewportSize({ width, height: 900 });
          await wide(path, width, how);
        }
      }
    }
    // What one gets without a session, and with an address that was used.
    const stranger = await browser.newContext({ bypassCSP: true });
    const outside = await stranger.newPage();
    for (const [address, status] of [[base, 401], [settings.ADDRESS, 410]]) {
      const answer = await stranger.request.get(address);
      assert.equal(answer.status(), status);
      // It may load itself again, in the middle of a look at it.
      await outside.setContent((await answer.text()).replace(/<meta http-equiv=.?refresh[^>]*>/i, ""));
      await judge(`the answer ${status}`, "light", outside);
    }
    assert.deepEqual([...faults], []);
    console.log(`${looked} pages looked at, no violation`);
    await context.close();
  },

  // Every link, field and button is reached in order and shows a ring.
  async keyboard() {
    const { page, base } = await enter({ javaScriptEnabled: true });
    for (const path of Object.keys(await everyPage(page, base))) {
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
        // At the end, or around from a field that had the focus at first.
        if (focus === null || (before > focus.place && focus.html.includes("skiplink"))) break;
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

  // Texts of strangers stay texts: in the address, in every field of every form, in what programs and
  // files said. The test has put the payloads into the ledger, the connections and the upstream servers.
  async payloads() {
    const { page, base } = await enter({ javaScriptEnabled: true });
    let alarms = 0;
    await page.exposeFunction("alarm", () => { alarms += 1; });
    page.on("dialog", (dialog) => { alarms += 1; dialog.dismiss(); });
    const list = JSON.parse(readFileSync(settings.PAYLOADS, "utf8"));
    const clean = async (where) => {
      const alien = "script:not([src$='copy.js']), iframe, img, object, base, body style, meta[http-equiv], [onerror], [onload], [ontoggle], a[href^='javascript']";
      assert.equal(await page.locator(alien).count(), 0, where);
      assert.equal(await page.title().then((title) => title.endsWith(" · Synapse")), true, where);
    };
    const visit = async (path) => {
      await page.goto(`${base}${path}`);
      await clean(path);
    };
    const parameters = {
      usage: ["by", "since", "until", "connection"], history: ["since", "until", "where", "words", "outcome", "before", "after", "done"],
      connections: ["show", "done"], "connections/new": ["provider", "credential", "models"], hub: ["tool", "server", "done"],
      secrets: ["reference", "stored", "done"], "": ["done", "format"],
    };
    for (const payload of list) {
      const text = encodeURIComponent(payload);
      for (const [path, names] of Object.entries(parameters)) {
        await visit(`${path}?${names.map((name) => `${name}=${text}`).join("&")}`);
        // One at a time too, since the page says of several only the first that is wrong.
        if (path === "usage" || path === "history") await visit(`${path}?${names[list.indexOf(payload) % names.length]}=${text}`);
      }
      for (const path of ["explain", "history", "checks", "logins"]) await visit(`${path}/${text}`);
      for (const path of [text, `connections/${text}/edit`, `connections/${text}/remove`]) await visit(path);
    }
    // Every form of every page that has one, all its fields at once.
    let fields = 0;
    for (const payload of list) {
      for (const [path, action] of [["connections/new", "connections"], ["connections/work/edit", "connections"], ["secrets", "secrets/set"], ["hub", "hub/add"]]) {
        await page.goto(`${base}${path}`);
        const form = page.locator(`form[action$='/${action}']`).first();
        fields += await form.evaluate((form, payload) => {
          const all = [...form.querySelectorAll("input[type=text], input[type=password], textarea, select")].filter((each) => !each.readOnly);
          for (const each of all) {
            if (each.tagName === "SELECT") each.append(new Option(payload, payload, true, true));
            else each.value = payload;
          }
          return all.length;
        }, payload);
        await Promise.all([page.waitForNavigation(), form.evaluate((form) => form.requestSubmit(form.querySelector("button")))]);
        await clean(`${action} with ${payload}`);
      }
      // Names are checked, so the argument is what is foreign here.
      const number = list.indexOf(payload);
      await page.goto(`${base}hub`);
      await page.fill("form[action$='/hub/add'] #name", `x${number}`);
      await page.fill("#declaration", `/bin/true\n${payload}`);
      await press(page, "Add");
      await clean(`an argument ${payload}`);
    }
    for (const by of ["connection", "model", "provider", "client", "server", "tool", "day"]) await visit(`usage?by=${by}&since=all`);
    for (const path of ["", "connections", "connections?show=work", "history", "hub", "hub/approvals", "secrets", "welcome"]) await visit(path);
    await page.goto(`${base}history`);
    const receipts = await page.locator("tbody td.nw a").evaluateAll((all) => all.map((each) => each.href));
    for (const receipt of receipts) {
      await page.goto(receipt);
      await clean(receipt);
    }
    assert.ok(receipts.length > list.length);
    for (const path of ["history", "hub", "hub/approvals", "usage?by=client&since=all"]) {
      await page.goto(`${base}${path}`);
      assert.match(await page.textContent("main"), /alarm\(\)/, `${path} shows the payloads`);
    }
    assert.equal(alarms, 0);
    console.log(`${list.length} payloads, ${fields} fields, ${receipts.length} receipts, none ran`);
  },

  // Every page that the guide shows. With a directory, their pictures in both themes, wide and narrow.
  async pictures() {
    const { page, base } = await enter();
    const named = await everyPage(page, base);
    // Each has a document, and the command that does the same.
    for (const path of Object.keys(named)) {
      const address = new URL(`${base}${path}`);
      await page.goto(address.href);
      assert.match(await page.textContent(".same .cmd"), /^synapse /, path);
      address.searchParams.set("format", "json");
      const document = await (await page.request.get(address.href)).json();
      assert.match(document.schema, /^synapse\./, path);
    }
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
          await page.evaluate(moveHome, [settings.HOME, settings.SYNAPSE]);
          await page.screenshot({ path: `${settings.PICTURES}/dashboard-${name}-${theme.toLowerCase()}-${size}.png`, fullPage: true });
        }
      }
    }
  },
};

/// Makes the pages that an action makes, and names every page by its path.
async function everyPage(page, base) {
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
  return named;
}

/// Shows the scratch home as that of a user, and the program as an installed one.
function moveHome([home, program]) {
  const moved = (text) => text.replaceAll(program, "/home/dev/.cargo/bin/synapse").replaceAll(home, "/home/dev").replaceAll("…/home/.synapse", "…/dev/.synapse");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = moved(texts.currentNode.data);
  for (const field of document.querySelectorAll("input")) field.value = moved(field.value);
}

/// One prompt through a spawned server, as an IDE sends it.
const prompt = () => call({ command: settings.SYNAPSE, args: ["serve"] }, "chat", { prompt: "Say hello" });

/// One call of a tool through the server of an entry.
async function call({ command, args, env }, name, given) {
  const server = spawn(command, args, { env: { ...settings, ...env }, stdio: ["pipe", "pipe", "inherit"] });
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
  say({ id: 2, method: "tools/call", params: { name, arguments: given } });
  const { result, error } = await answer(2);
  server.stdin.end();
  assert.ok(result && !result.isError, JSON.stringify(result ?? error));
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
