// The page at work: which view an address asks for, the lists, and the search.

const VIEWS = new Map([["value", valueView], ["stage", stageView], ["source", sourceView],
  ["claim", claimView], ["figure", figureView], ["page", pageView], ["label", labelView]]);

const LISTS = [
  ["values", "Values", values.size, () => [...groupedValues()]],
  ["claims", "Claims", claims.size, claimLists],
  ["figures", "Figures and tables", figures.size, () => [table(`${figures.size} figures and tables`,
    ["Name", "Caption", "Page"], [...figures.values()].map((it) =>
    [figureLink(it), [it.caption, badges(special(it.labels))], pageLinks([it.page])]), [1])]],
  ["stages", "Stages", stages.size, () => [table(count(stages.size, "stage"),
    ["Stage", "What it makes", "Values", ...(data.timed ? ["Took"] : [])], [...stages.values()].map((it) =>
      [link("stage", it.name), [it.desc ?? it.about ?? it.action, badges(special(it.labels))],
        String((valuesOf.get(it.name) ?? []).length), ...(data.timed ? [seconds(it.seconds) ?? ""] : [])]), [1])]],
  ["sources", "Raw tables", sources.size, () => [table(count(sources.size, "raw table"),
    ["Source", "Title", "From", "Licence"], [...sources.values()].map((it) => [link("source", it.name),
      [it.title, badges(special(it.labels))], origin(it.origins), origin(it.licences)]), [1, 2])]],
].filter(([, , size]) => size > 0);

function* groupedValues() {
  for (const [stage, list] of valuesOf) {
    yield el("h2", {}, link("stage", stage), badges(special(stages.get(stage)?.labels)));
    yield valueTable(`${count(list.length, "value")} of ${stage}`, list);
  }
}

/** Claims by how they ended, and the words of the report that hang on numbers. */
function claimLists() {
  const all = [...claims.values()], ended = new Map();
  for (const { row } of all) ended.set(row.status, (ended.get(row.status) ?? 0) + 1);
  const kinds = [...new Set(all.map((it) => it.kind))];
  return [el("ul.inline", {}, [...ended].map(([words, n]) => el("li", {}, status(words), ` ${n}`))),
    kinds.map((kind) => [el("h2", {}, kind[0].toUpperCase() + kind.slice(1)),
      claimTable(all.filter((it) => it.kind === kind))]),
    data.words.length > 0 ? [el("h2", {}, "Words that hang on numbers"), wordList(data.words)] : null];
}

function warned() {
  const labels = [...new Set([...data.values, ...data.stages, ...data.figures, ...data.sources]
    .flatMap((it) => special(it.labels)))].sort();
  return labels.map((label) => {
    const n = data.values.filter((it) => it.labels.includes(label)).length;
    return el("p.notice", {}, `⚠ ${count(n, "value")} of ${values.size.toLocaleString("en")} ` +
      `${n === 1 ? "rests" : "rest"} on data labelled `, link("label", label), ".");
  });
}

function overview() {
  const pages = pagesPrinted();
  return ["Edition", data.name, [
    el("p", {}, `${count(values.size, "value")} by ${count(stages.size, "stage")} from `,
      count(sources.size, "raw table"), data.pages > 0 ? `, in a report of ${count(data.pages, "page")}` : "",
      ". Choose a number to see what it rests on, down to the raw tables."),
    data.commit ? el("p.quiet", {}, "commit ", code(data.commit.slice(0, 12))) : null,
    data.pages === 0 ? el("p.quiet", {}, "This edition does not say what stands on which page.") : null,
    graph(new Set(), new Set(), new Set(), "The graph"),
    pages.length > 0 ? [el("h2", {}, "Pages that print numbers"),
      el("ul.inline", {}, pages.map((it) => el("li", {}, link("page", it, `page ${it}`))))] : null,
  ]];
}

const answer = document.getElementById("answer");

/** Shows what the address asks for. */
function show(isFirst) {
  const [kind, ...parts] = location.hash.slice(1).split("/");
  let name = parts.join("/");
  try { name = decodeURIComponent(name); } catch { /* It is shown as it stands. */ }
  const list = LISTS.find(([id]) => id === kind);
  const view = kind === "" ? overview() : list ? ["List", list[1], list[3]()] : VIEWS.get(kind)?.(name);
  const [above, title, content] = view ?? ["Nothing", name === "" ? kind : name,
    [el("p", {}, "Nothing of this name is in this edition. "), el("p", {}, el("a", { href: "#" }, "All of it"))]];
  const head = el("h1", { tabindex: "-1" }, el("bdi", {}, title));
  answer.replaceChildren();
  fill(answer, {}, [warned(), el("p.quiet", {}, above), head, content]);
  document.title = kind === "" ? plain(data.name) : `${plain(title)} · ${plain(data.name)}`;
  for (const it of document.querySelectorAll("#lists a")) {
    if (it.hash === location.hash) it.setAttribute("aria-current", "page");
    else it.removeAttribute("aria-current");
  }
  if (isFirst) return;
  head.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  if (answer.getBoundingClientRect().top > window.innerHeight / 2) answer.scrollIntoView();
}

/** Text as it is compared: small letters, no commas in numbers, one kind of minus. */
const even = (text) => String(text ?? "").toLowerCase().replace(/[−–]/g, "-").replace(/(\d),(?=\d{3})/g, "$1");

const searched = [
  ...data.values.map((it) => ({ kind: "value", name: it.name, label: it.name, number: it.printed, unit: it.unit,
    about: it.about, labels: it.labels, more: [it.stage, it.exact, ...it.sentences.map((s) => s.text)] })),
  ...data.figures.map((it) => ({ kind: "figure", name: `${it.kind}-${it.number}`, label: figureName(it),
    about: it.caption, labels: it.labels, more: it.data })),
  ...[...claims.values()].map((it) => ({ kind: "claim", name: it.id, label: it.id, about: title(it.row),
    number: it.row.status, labels: [], more: [it.row.published_text, it.row.section] })),
  ...data.stages.map((it) => ({ kind: "stage", name: it.name, label: it.name, about: it.desc ?? it.about ?? it.action,
    labels: it.labels, more: [it.code, ...it.outputs.map((o) => o.path)] })),
  ...data.sources.map((it) => ({ kind: "source", name: it.name, label: it.name, about: it.title, labels: it.labels,
    more: [it.path, it.description] })),
].map((it) => ({ ...it, is: even(it.label), prints: even(it.number),
  words: even([it.label, it.number, it.unit, it.about, ...(it.labels ?? []), ...it.more].join(" ")) }));

/** What fits, the best first. */
function find(text) {
  const asked = even(text).trim();
  const page = /^(?:page|p\.?)\s*(\d+)$/.exec(asked);
  if (page) {
    const number = Number(page[1]);
    const on = new Set(data.values.filter((it) => it.pages.includes(number)).map((it) => it.name));
    const drawn = new Set(data.figures.filter((it) => it.page === number).map((it) => `${it.kind}-${it.number}`));
    return searched.filter((it) => (it.kind === "value" && on.has(it.name)) || (it.kind === "figure" && drawn.has(it.name)));
  }
  const tokens = asked.split(/\s+/).filter((it) => it !== "");
  const rank = (it) => (it.is === asked ? 0 : it.prints === asked ? 1 : it.is.startsWith(asked) ? 2
    : it.is.includes(asked) ? 3 : tokens.every((token) => it.is.includes(token)) ? 4 : 5);
  return searched.filter((it) => tokens.every((token) => it.words.includes(token)))
    .map((it, i) => [rank(it), i, it]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , it]) => it);
}

const MOST = 60;
const asked = document.getElementById("asked"), found = document.getElementById("found");
function search() {
  const said = document.getElementById("said"), text = asked.value.trim();
  if (text === "") {
    said.textContent = "";
    return found.replaceChildren();
  }
  const hits = find(text);
  said.textContent = hits.length === 0 ? "Nothing fits." : hits.length > MOST
    ? `${count(hits.length, "result")}, the first ${MOST} shown` : count(hits.length, "result");
  found.replaceChildren(...hits.slice(0, MOST).map((it) => el("li", {}, el("a", { href: at(it.kind, it.name) },
    it.number ? el("span.number", {}, it.number.length > 18 ? `${it.number.slice(0, 18)}…` : it.number) : null,
    el("b", {}, el("bdi", {}, it.label)), it.kind === "value" ? null : ` (${it.kind})`,
    special(it.labels).map((label) => [" ", el("span.badge", {}, `⚠ ${plain(label)}`)]),
    el("small", {}, el("bdi", {}, it.about))))));
}

/** The arrow keys go through what was found. */
function step(event) {
  const links = [...found.querySelectorAll("a")], here = links.indexOf(document.activeElement);
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || links.length === 0) return;
  if (here < 0 && document.activeElement !== asked) return;
  event.preventDefault();
  const next = here + (event.key === "ArrowDown" ? 1 : -1);
  (next < 0 ? asked : links[Math.min(next, links.length - 1)]).focus();
}

document.getElementById("lists").append(el("ul", {}, LISTS.map(([id, words]) =>
  el("li", {}, el("a", { href: `#${id}` }, words)))));
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  answer.focus();
});
asked.addEventListener("input", search);
document.querySelector("search").addEventListener("keydown", step);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    asked.focus();
  } else if (event.key === "Escape" && typing) {
    asked.value = "";
    search();
  }
});
window.addEventListener("hashchange", () => show(false));
window.addEventListener("beforeprint", () =>
  document.querySelectorAll("#answer details").forEach((it) => { it.open = true; }));
show(true);
