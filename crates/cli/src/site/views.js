// The answers: each view gives its title and what stands below it.

/** What some stages rest on, down to raw tables: a list in words. */
function chain(names) {
  const steps = above(names).map(({ stage, depth }) =>
    el(`li.depth-${Math.min(depth, 6)}`, {},
      el("p", {}, el("b", {}, link("stage", stage.name)), badges(special(stage.labels)), " ",
        el("span.quiet", {}, stage.desc ?? stage.about)),
      el("div", {}, by(stage)), given(stage)));
  const raw = sourcesOf(above(names).map((it) => it.stage.name)).map((name) => {
    const source = sources.get(name);
    return el("li.raw", {}, el("p", {}, el("b", {}, link("source", name)), badges(source.labels), " ",
      el("span.quiet", {}, source.title)), el("p", {}, code(source.path), " ", digest(source.digest)),
    origins(source));
  });
  return [el("h2", {}, "What it rests on"), el("ol.chain", {}, steps),
    raw.length > 0 ? [el("h2", {}, "In the end, raw tables"), el("ul.chain", {}, raw)] : null];
}

const by = (stage) => {
  const does = stage.code ?? (stage.command ?? []).join(" ");
  const params = stage.params.map(([name, it]) => code(`${name}: ${it}`));
  const long = stage.params.flat().join("").length > 80;
  return [code(does), params.length === 0 ? null : !long ? [" with ", joined(params, " ")]
    : el("details", {}, el("summary", {}, `with ${count(params.length, "parameter")}`),
      el("ul.params", {}, params.map((it) => el("li", {}, it))))];
};

const origin = (list) => joined(list.map((it) => away(it.title, it.path)), "; ");
const origins = (source) => [
  source.origins.length > 0 ? el("p.quiet", {}, "from ", origin(source.origins)) : null,
  source.licences.length > 0 ? el("p.quiet", {}, "licence: ", origin(source.licences)) : null,
];

function given(stage) {
  if (stage.inputs.length === 0) return null;
  const input = (it) => el("li", {}, `${it.role}: `, code(it.path), " ", digest(it.digest), " ",
    it.stage !== null && stages.has(it.stage) ? ["from ", link("stage", it.stage)]
      : it.source !== null ? ["from ", link("source", it.source)] : null);
  return el("details", {}, el("summary", {}, `given ${count(stage.inputs.length, "file")}`),
    el("ul.list", {}, stage.inputs.map(input)));
}

function valueView(name) {
  const value = values.get(name);
  if (!value) return null;
  const words = wordsOf(name), published = claimsOf(name);
  return ["Value", name, [
    el(value.isText ? "p.printed.words" : "p.printed", {}, withUnit(value)),
    el("p", {}, value.about, badges(value.labels)),
    terms([
      ["In full", value.isText || value.exact === value.printed ? null : code(value.exact)],
      ["Interval", value.interval ? `${value.interval[0]} to ${value.interval[1]}` : null],
      ["Rows", value.rows], ["Reported by", stages.has(value.stage) ? link("stage", value.stage) : code(value.stage)],
      ["Printed on", value.pages.length > 0 ? ["page ", pageLinks(value.pages)]
        : data.pages > 0 ? "no page" : null],
      ["Sentences", value.sentences.length > 0 ? el("ul.sentences", {}, value.sentences.map((it) =>
        el("li", {}, el("bdi", {}, it.text), " ", el("span.quiet", {}, `${it.path}:${it.line}`)))) : null],
    ]),
    words.length > 0 ? [el("h2", {}, "Words that hang on it"), wordList(words)] : null,
    published.length > 0 ? [el("h2", {}, "Claims it settles"), claimTable(published)] : null,
    graphAbove([value.stage], "Its path through the graph"), chain([value.stage]),
  ]];
}

const wordList = (words) => el("ul.list", {}, words.map((it) =>
  el("li", {}, "page ", pageLinks([it.page]), ": ", el("q", {}, it.words), " while ",
    code(it.condition), " in ", el("span.quiet", {}, el("bdi", {}, it.sentence)))));

function stageView(name) {
  const stage = stages.get(name);
  if (!stage) return groupView(name);
  const reached = below([name]).filter((it) => it !== name);
  const up = above([name]).map((it) => it.stage.name), own = valuesOf.get(name) ?? [];
  const drawn = data.figures.filter((it) => it.stages.some((maker) => maker === name));
  const taken = Object.entries(stage.declassified ?? {}).map(([key, it]) => `${key}: ${it}`);
  return ["Stage", name, [
    el("p", {}, stage.desc ?? stage.about, badges(stage.labels)),
    terms([
      ["Does", by(stage)], ["In words", stage.desc ? stage.about : null],
      ["Makes", stage.outputs.length > 0 ? el("ul.list", {}, stage.outputs.map((it) => el("li", {},
        code(it.path), " ", digest(it.digest), it.size ? ` ${size(it.size)}` : null,
        it.rows === null ? null : `, ${count(it.rows, "row")}`))) : null],
      ["Given", given(stage)],
      ["Takes away", taken.length > 0 ? taken.join("; ") : null],
      ["Took", seconds(stage.seconds)],
      ["Cells", groups.get(stage.group).length > 1 ? link("stage", stage.group) : null],
      ["Drawn in", drawn.length > 0 ? joined(drawn.map(figureLink), ", ") : null],
      ["Reaches", reached.length > 0 ? `${count(reached.length, "stage")}: ` : null],
    ].map((it) => (it[0] === "Reaches" && it[1] !== null
      ? [it[0], [it[1], joined(reached.map((other) => link("stage", other)), ", ")]] : it))),
    graph(new Set([...up, ...sourcesOf(up).map((it) => `raw:${it}`)]), new Set(reached),
      new Set([name]), "Its place in the graph"),
    own.length > 0 ? [el("h2", {}, "Its values"), valueTable(`${count(own.length, "value")} of ${name}`, own)] : null,
    chain([name]),
  ]];
}

/** All cells of a matrix. */
function groupView(name) {
  const cells = groups.get(name);
  if (!cells) return null;
  const names = cells.map((it) => it.name);
  const up = above(names).map((it) => it.stage.name), reached = below(names);
  return ["Stage", name, [
    el("p", {}, `${count(cells.length, "cell")} of one stage. `, cells[0].desc ?? cells[0].about),
    el("ul.list", {}, cells.map((it) => el("li", {}, link("stage", it.name),
      badges(special(it.labels)), " ", it.params.map(([key, value]) => [code(`${key}: ${value}`), " "])))),
    graph(new Set([...up, ...sourcesOf(up).map((it) => `raw:${it}`)]),
      new Set(reached.filter((it) => !names.includes(it))), new Set(names), "Its place in the graph"),
    chain(names),
  ]];
}

function sourceView(name) {
  const source = sources.get(name);
  if (!source) return null;
  const reached = below(readers(name)), own = reached.flatMap((it) => valuesOf.get(it) ?? []);
  return ["Raw table", name, [
    el("p", {}, el("b", {}, source.title), badges(source.labels)), el("p", {}, source.description),
    terms([["File", code(source.path)], ["Digest", digest(source.digest)], ["Size", size(source.size)],
      ["From", source.origins.length > 0 ? origin(source.origins) : null],
      ["Licence", source.licences.length > 0 ? origin(source.licences) : null],
      ["Read by", joined(readers(name).map((it) => link("stage", it)), ", ")]]),
    graph(new Set(), new Set([...reached, `raw:${name}`]), new Set([`raw:${name}`]), "What it reaches"),
    own.length > 0 ? [el("h2", {}, "Values that rest on it"),
      valueTable(`${count(own.length, "value")} by the stages after it`, own)] : null,
  ]];
}

const title = (row) => row.counts ?? row.about ?? row.text ?? row.title ?? "";
function claimTable(list) {
  const rows = list.map(({ id, row }) => [link("claim", id), status(row.status), title(row),
    row.published_text ?? row.published ?? "", row.computed_text ?? row.computed ?? "–", row.section ?? ""]);
  return table(count(list.length, "claim"),
    ["Claim", "Status", "What it says", "Published", "Computed", "Where"], rows, [2]);
}

function claimView(id) {
  const claim = claims.get(id);
  if (!claim) return null;
  const { row, stage } = claim, names = (row.values ?? []).filter((it) => values.has(it));
  const skip = new Set(["status", "values", "claim", "id", "name"]);
  const rest = Object.entries(row).filter(([key, it]) => !skip.has(key) && it !== null && it !== "" && it !== title(row) &&
    !(key.endsWith("_text") || row[`${key}_text`] !== undefined && row[`${key}_text`] !== null));
  const texts = Object.entries(row).filter(([key, it]) => key.endsWith("_text") && it !== null);
  const said = (it) => (typeof it === "object" ? JSON.stringify(it) : String(it));
  const word = (key) => key.replace(/_text$/, "").replaceAll("_", " ");
  const makers = [...new Set(names.map((it) => values.get(it).stage))];
  return [claim.kind === "checks" ? "Check" : "Claim", id, [
    el("p.printed.words", {}, status(row.status)), el("p", {}, title(row)),
    terms([...rest, ...texts].map(([key, it]) => [word(key), said(it)])),
    el("p", {}, "settled by ", link("stage", stage)),
    names.length > 0 ? [el("h2", {}, "Values that settle it"),
      valueTable(count(names.length, "value"), names.map((it) => values.get(it)))] : null,
    makers.length > 0 ? [graphAbove(makers, "Their path through the graph"), chain(makers)] : null,
  ]];
}

const figureName = (it) => `${it.kind[0].toUpperCase()}${it.kind.slice(1)} ${it.number}`;
const figureLink = (it) => link("figure", `${it.kind}-${it.number}`, figureName(it));

function figureView(id) {
  const figure = figures.get(id);
  if (!figure) return null;
  return ["Report", figureName(figure), [
    el("p", {}, el("bdi", {}, figure.caption), badges(figure.labels)),
    el("p.quiet", {}, `${figure.kind === "table" ? "As it is set, it" : "The drawing"} is in the report on page `,
      pageLinks([figure.page]), figure.data.length > 0 ? "; here is the data that it is made from." : "."),
    figure.data.map((path) => fileView(path)),
    figure.stages.length > 0 ? [graphAbove(figure.stages, "Its path through the graph"), chain(figure.stages)] : null,
  ]];
}

/** The tables of a file. */
function fileView(path) {
  const file = files.get(path), head = el("h2", {}, "Data: ", code(path));
  if (!file || file.absent) {
    return [head, el("p.quiet", {}, `Not shown: ${file?.absent ?? "no stage makes it"}.`)];
  }
  const one = (it) => table(`${it.title === "" ? path : it.title}, ` + (it.rows.length < it.all
    ? `the first ${it.rows.length} of ${count(it.all, "row")}` : count(it.all, "row")), it.columns, it.rows);
  return [head, el("div.data", {}, file.tables.map((it, i) => (i < 3 ? one(it)
    : el("details", {}, el("summary", {}, `${it.title}, ${count(it.all, "row")}`), one(it))))),
  file.more > 0 ? el("p.quiet", {}, `${count(file.more, "more table")} in the file.`) : null];
}

function pageView(text) {
  const page = Number(text);
  const printed = [...values.values()].filter((it) => it.pages.includes(page));
  const drawn = data.figures.filter((it) => it.page === page);
  const words = data.words.filter((it) => it.page === page);
  if (!Number.isInteger(page) || page < 1 || (data.pages > 0 && page > data.pages)) return null;
  const all = pagesPrinted(), before = all.filter((it) => it < page).pop(), after = all.find((it) => it > page);
  return ["Report", `Page ${page}`, [
    el("ul.inline", {}, before ? el("li", {}, link("page", before, `page ${before} before`)) : null,
      after ? el("li", {}, link("page", after, `page ${after} after`)) : null),
    drawn.length > 0 ? el("ul.list", {}, drawn.map((it) => el("li", {}, figureLink(it), ": ", it.caption))) : null,
    printed.length > 0 ? valueTable(`${count(printed.length, "value")} on page ${page}`, printed)
      : el("p", {}, "No value is printed on it."),
    words.length > 0 ? [el("h2", {}, "Words under a condition"), wordList(words)] : null,
  ]];
}

function labelView(label) {
  const having = (list) => list.filter((it) => (it.labels ?? []).includes(label));
  const [v, s, f, r] = [data.values, data.stages, data.figures, data.sources].map(having);
  if (v.length + s.length + f.length + r.length === 0) return null;
  return ["Label", label, [
    el("p", {}, `${count(v.length, "value")}, ${count(s.length, "stage")} and ` +
      `${f.length} figures and tables carry it.`),
    r.length > 0 ? el("p", {}, "Raw tables: ", joined(r.map((it) => link("source", it.name)), ", ")) : null,
    f.length > 0 ? el("p", {}, "Drawn: ", joined(f.map(figureLink), ", ")) : null,
    s.length > 0 ? el("p", {}, "Stages: ", joined(s.map((it) => link("stage", it.name)), ", ")) : null,
    v.length > 0 ? valueTable(count(v.length, "value"), v) : null,
  ]];
}
