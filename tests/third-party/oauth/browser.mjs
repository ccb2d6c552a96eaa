// A browser without a window: follows redirects with cookies, fills every form that it meets as a user
// who agrees to everything, and goes where the last redirect leads.
//
// usage: browser.mjs URL          visits the callback
//        browser.mjs --end URL    prints the callback's address and does not visit it

const [first, second] = process.argv.slice(2);
const prints = first === "--end";
let url = new URL(prints ? second : first);
const origin = url.origin;
const cookies = new Map();

const visit = async (target, form) => {
  const response = await fetch(target, {
    method: form ? "POST" : "GET",
    body: form,
    redirect: "manual",
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
  });
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split(/=(.*)/s);
    if (value === "") cookies.delete(name);
    else cookies.set(name, value);
  }
  return response;
};

const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&amp;", "&");

let form;
for (let step = 0; step < 20; step += 1) {
  if (url.origin !== origin) {
    if (prints) {
      console.log(url.href);
    } else {
      const end = await fetch(url);
      console.log(end.status);
    }
    process.exit(0);
  }
  const response = await visit(url, form);
  form = undefined;
  const location = response.headers.get("location");
  if (location) {
    url = new URL(location, url);
    continue;
  }
  const page = await response.text();
  const open = /<form[^>]*>/.exec(page)?.[0];
  if (!open) {
    console.log(response.status, /<title>([^<]*)/.exec(page)?.[1] ?? "");
    process.exit(response.ok ? 0 : 1);
  }
  form = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, "name");
    if (name) form.set(name, attribute(input, "value") ?? "user");
  }
  url = new URL(attribute(open, "action"), url);
}
console.error("no end after 20 steps");
process.exit(1);
