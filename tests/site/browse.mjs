// Goes through a page of `colophon export site` in a browser without a window.
//
//   node tests/site/browse.mjs TOOLS PAGE.html [PICTURES]
//
// TOOLS is a folder in which `npm install puppeteer-core axe-core` was run; the browser
// is the Chromium of $CHROMIUM, or `chromium`. PICTURES is a folder for pictures of what
// was seen. It says each thing that it looked at, and ends with 1 if one is not as it
// should be.

import { createRequire } from "node:module";
import { readFileSync, rmSync, mkdtempSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, file, pictures] = process.argv.slice(2);
const require = createRequire(join(resolve(tools), "package.json"));
const { launch } = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const program = process.env.CHROMIUM ?? execFileSync("which", ["chromium"]).toString().trim();

const faults = [];
const hold = (is, what) => {
  console.log(`${is ? "ok" : "NOT"} ${what}`);
  if (!is) faults.push(what);
};

const folder = mkdtempSync(join(tmpdir(), "browse-"));
const browser = await launch({
  executablePath: program, userDataDir: folder, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
console.log(await browser.version());
const page = await browser.newPage();
const said = [], fetched = [];
page.on("console", (it) => ["error", "warning"].includes(it.type()) && said.push(it.text()));
page.on("pageerror", (it) => said.push(String(it)));
page.on("request", (it) => /^(file|data):/.test(it.url()) || fetched.push(it.url()));
const url = pathToFileURL(resolve(file)).href;
await page.setViewport({ width: 1280, height: 900 });
await page.goto(url);

const data = JSON.parse(await page.$eval("#data", (it) => it.textContent));
const hash = () => page.evaluate(() => location.hash);
const heading = () => page.$eval("h1", (it) => it.textContent);
const go = async (to) => {
  await page.evaluate((it) => { location.hash = it; }, to);
  await new Promise((done) => setTimeout(done, 60));
};
const settle = () => new Promise((done) => setTimeout(done, 120));
const at = (kind, name) => `#${kind}/${encodeURIComponent(name)}`;

// Of every kind of view one, where the edition has it.
const printed = data.values.find((it) => it.pages.length > 0) ?? data.values[0];
const deep = data.values.at(-1);
const first = (list, kind, name) => (list.length > 0 ? [at(kind, name(list[0]))] : []);
const views = ["#", "#values", ...(data.claims.length > 0 ? ["#claims"] : []), "#stages",
  at("value", printed.name), at("value", deep.name), at("stage", deep.stage),
  ...first(data.stages.filter((it) => it.group !== it.name), "stage", (it) => it.group),
  ...first(data.sources, "source", (it) => it.name),
  ...first(data.figures, "figure", (it) => `${it.kind}-${it.number}`),
  ...first(data.claims, "claim", (it) => it.row.claim ?? it.row.id ?? "checks-1"),
  ...(data.pages > 0 ? [at("page", printed.pages[0] ?? 1)] : []),
  ...first(data.values.flatMap((it) => it.labels).filter((it) => it !== "published"), "label", (it) => it),
  "#value/nothing"];

async function violations() {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((it) => `${it.id}: ${it.help} (${it.nodes.length}) ` +
    it.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join(" | "));
}

for (const scheme of ["light", "dark"]) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  for (const [width, names] of [[1280, views], [390, views.slice(0, 5)]]) {
    await page.setViewport({ width, height: 900 });
    for (const view of names) {
      await go(view);
      const found = await violations();
      hold(found.length === 0, `axe, ${scheme}, ${width}, ${view}${found.map((it) => `\n    ${it}`).join("")}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      hold(over <= 0, `no wider than the window: ${scheme}, ${width}, ${view}: ${over}`);
      const text = await page.$eval("#answer", (it) => it.innerText);
      hold(!/\[object |undefined|NaN/.test(text), `nothing but words: ${view}`);
      if (pictures) {
        const name = `${view.replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}-${width}-${scheme}.png`;
        await page.screenshot({ path: join(pictures, `view${name}`) });
      }
    }
  }
}
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
await page.setViewport({ width: 1280, height: 900 });

// By keyboard alone: search, down to the first result, into it.
await go("#");
await page.keyboard.press("/");
await page.keyboard.type(printed.name);
await settle();
hold(/result/.test(await page.$eval("#said", (it) => it.textContent)), "the number of results is said");
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await settle();
hold((await hash()) === at("value", printed.name), `search leads to ${printed.name}: ${await hash()}`);
hold((await heading()) === printed.name, "its name is the heading");
hold(await page.evaluate(() => document.activeElement === document.querySelector("h1")), "which has the focus");
hold((await page.title()).startsWith(printed.name), "and is in the title");
hold((await page.$$(".chain li")).length > 0, "its chain is told");
hold((await page.$$(".box.up")).length > 0, "its path is lit");

// Down the chain, and back.
const last = await page.$$(".chain li b a");
await last.at(-1).click();
await settle();
hold((await hash()) !== at("value", printed.name), `a click goes on: ${await hash()}`);
await page.goBack();
await settle();
hold((await heading()) === printed.name, "the way back");
const box = await page.$(".box");
if (box) {
  await page.evaluate((it) => it.focus(), box);
  await page.keyboard.press("Enter");
  await settle();
  hold(/^#(stage|source)\//.test(await hash()), `a box of the graph leads on: ${await hash()}`);
}

// By number, by words, by page.
const search = async (text) => {
  await page.$eval("#asked", (it) => { it.value = ""; });
  await page.focus("#asked");
  await page.keyboard.type(text);
  await settle();
  return page.$$eval("#found a", (all) => all.map((it) => it.getAttribute("href")));
};
const number = data.values.find((it) => !it.isText && it.printed.length > 2) ?? printed;
const alike = data.values.filter((it) => it.printed === number.printed).map((it) => at("value", it.name));
hold((await search(number.printed)).some((it) => alike.includes(it)), `the number ${number.printed} is found`);
const bare = number.printed.replaceAll(",", "").replace("−", "-");
hold((await search(bare)).some((it) => alike.includes(it)), `and as ${bare}`);
if (printed.pages.length > 0) {
  const hits = await search(`page ${printed.pages[0]}`);
  hold(hits.includes(at("value", printed.name)) || hits.length === 60, `on page ${printed.pages[0]}`);
}
hold((await search("nothing is called so")).length === 0, "what is not there is not found");
hold((await page.$eval("#said", (it) => it.textContent)) === "Nothing fits.", "and that is said");
await page.focus("#asked");
await page.keyboard.press("Escape");
hold((await page.$eval("#asked", (it) => it.value)) === "", "escape empties the search");

// Every name of the edition opens.
const all = [...data.values.map((it) => at("value", it.name)), ...data.stages.map((it) => at("stage", it.name)),
  ...data.sources.map((it) => at("source", it.name)), ...data.figures.map((it) => at("figure", `${it.kind}-${it.number}`))];
const dead = [];
for (const to of all.slice(0, 300)) {
  await page.evaluate((it) => { location.hash = it; }, to);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 4)));
  if (await page.$eval("#answer > p.quiet", (it) => it.textContent === "Nothing")) dead.push(to);
}
hold(dead.length === 0, `${Math.min(all.length, 300)} names open ${dead.slice(0, 5).join(" ")}`);
hold(await page.evaluate(() => globalThis.harmed === undefined), "no name has run as a script");
hold(await page.evaluate(() => document.querySelectorAll("script").length === 2), "no name has become an element");

if (pictures) {
  await go(at("value", printed.name));
  await page.screenshot({ path: join(pictures, "whole-value.png"), fullPage: true });
  await page.pdf({ path: join(pictures, "value.pdf"), format: "A4", margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
}
hold(said.length === 0, `nothing on the console ${said.join(" | ")}`);
hold(fetched.length === 0, `nothing fetched ${fetched.join(" ")}`);
await browser.close();
rmSync(folder, { recursive: true, force: true });
process.exit(faults.length > 0 ? 1 : 0);
