// The parts that answers are put together from. Text becomes text here and nowhere
// else; no text is ever read as markup.

/** Characters that hide, or that turn the order of reading, are shown as escapes. */
const HIDDEN = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e" +
  "\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]", "g");
const plain = (text) =>
  String(text).replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

/** An element: its name with classes after dots, attributes, and what it holds. */
function el(name, attributes, ...content) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  fill(element, attributes, content);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
function svg(tag, attributes, ...content) {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, content);
  return element;
}

function fill(element, attributes, content) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) element.setAttribute(name, plain(value));
  }
  for (const it of content.flat(Infinity)) {
    if (it === null || it === undefined || it === false) continue;
    element.append(it instanceof Node ? it : document.createTextNode(plain(it)));
  }
}

/** Where in the page something is. */
const at = (kind, name) => `#${kind}/${encodeURIComponent(name)}`;
const link = (kind, name, words) =>
  el("a", { href: at(kind, name) }, el("bdi", {}, words === undefined ? parted(name) : words));
/** A name that may be broken between its parts. */
const parted = (name) =>
  plain(name).split(/(?<=[._@/-])(?=\w)/).flatMap((it, i) => (i === 0 ? [it] : [el("wbr"), it]));
const code = (text) => el("code", {}, el("bdi", {}, text));

/** An address of others; what is none is text. */
function away(title, address) {
  const words = title ?? address ?? "";
  if (!/^https?:\/\//i.test(address ?? "")) return el("bdi", {}, words);
  return el("a", { href: address, rel: "noopener noreferrer external" }, el("bdi", {}, words));
}

const joined = (list, between) => list.flatMap((it, i) => (i === 0 ? [it] : [between, it]));
const pageLinks = (pages) => joined(pages.map((it) => link("page", it, String(it))), ", ");
const digest = (text) =>
  text ? el("code", { title: text }, text.slice(0, 12)) : el("span.quiet", {}, "not known");

/** Labels: those to be warned of stand out, and lead to all that carries them. */
function badges(labels) {
  return (labels ?? []).flatMap((label) => [" ", label === "published"
    ? el("span.badge.plain", {}, label)
    : el("a.badge", { href: at("label", label), "aria-label": `labelled ${plain(label)}` },
      "⚠ ", el("bdi", {}, label))]);
}

/** Terms and what is to be said of them; terms with nothing are left out. */
function terms(entries) {
  const told = entries.filter(([, it]) => !(it === null || it === undefined || it === "" ||
    (Array.isArray(it) && it.length === 0)));
  return el("dl", {}, told.map(([term, it]) => [el("dt", {}, term), el("dd", {}, it)]));
}

/** A table that scrolls by itself where it is wider than the page. */
function table(caption, columns, rows, textColumns = []) {
  const cell = (it, i) => (i === 0 ? el("th", { scope: "row" }, it)
    : el(textColumns.includes(i) ? "td.text" : "td", {}, it));
  return el("div.scroll", { tabindex: "0", role: "region", "aria-label": caption },
    el("table.wide", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, columns.map((it) => el("th", { scope: "col" }, it)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))));
}

const withUnit = (value) =>
  [el("bdi", {}, value.printed), value.unit ? [" ", el("small", {}, el("bdi", {}, value.unit))] : null];

function valueTable(caption, list) {
  const rows = list.map((it) => [link("value", it.name), el("span.number", {}, it.isText
    ? el("bdi", {}, it.printed.slice(0, 40)) : it.printed), it.unit, [it.about, badges(special(it.labels))],
    it.pages.length > 0 ? pageLinks(it.pages) : "–"]);
  return table(caption, ["Value", "As printed", "Unit", "What it is", "Pages"], rows, [3]);
}

/** A status in words, with a mark that says the same without colour. */
function status(words) {
  const known = new Map([["reproduced", ["good", "✓"]], ["agrees", ["good", "✓"]],
    ["differs", ["bad", "≠"]], ["not checkable", ["open", "–"]]]);
  const [kind, mark] = known.get(words) ?? ["open", "•"];
  return el(`span.status.${kind}`, {}, el("span.mark", { "aria-hidden": "true" }, mark), words);
}

function seconds(it) {
  if (it === null || it === undefined) return null;
  return it < 0.1 ? `${Math.round(it * 1000)} ms` : `${it.toFixed(1)} s`;
}

function size(bytes) {
  if (bytes === null || bytes === undefined) return null;
  const units = ["B", "kB", "MB", "GB"];
  let [n, unit] = [bytes, 0];
  while (n >= 1000 && unit + 1 < units.length) [n, unit] = [n / 1000, unit + 1];
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}
