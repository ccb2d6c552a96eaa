// Opens one URL in Chromium, as a user's browser does, and prints what it shows.
import { createRequire } from "node:module";

const settings = process.env;
const require = createRequire(`${settings.BROWSER_MODULES}/`);
const { chromium } = require("playwright-core");

const browser = await chromium.launch({
  executablePath: settings.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await (await browser.newContext()).newPage();
const refused = [];
page.on("console", (message) => refused.push(message.text()));
const answer = await page.goto(process.argv[2]);
console.log(JSON.stringify({
  status: answer.status(),
  url: page.url(),
  title: await page.title(),
  text: await page.textContent("body"),
  console: refused,
}));
await browser.close();
