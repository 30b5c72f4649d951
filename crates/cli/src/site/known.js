// What the page knows: the data by name, and what rests on what.

"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byName = (list) => new Map(list.map((it) => [it.name, it]));
const values = byName(data.values);
const stages = byName(data.stages);
const sources = byName(data.sources);
const files = new Map(data.files.map((it) => [it.path, it]));
const claims = new Map();
for (const { stage, kind, row } of data.claims) {
  const name = ["claim", "id", "name"].map((key) => row[key]).find((it) => typeof it === "string");
  const own = name ?? `${kind}-${claims.size + 1}`;
  // Two audits may settle claims of one name.
  const id = claims.has(own) ? `${stage}.${own}` : own;
  claims.set(id, { id, stage, kind, row });
}
const figures = new Map(data.figures.map((it) => [`${it.kind}-${it.number}`, it]));
const groups = new Map();
for (const stage of stages.values()) {
  groups.set(stage.group, [...(groups.get(stage.group) ?? []), stage]);
}
const valuesOf = new Map();
for (const value of values.values()) {
  valuesOf.set(value.stage, [...(valuesOf.get(value.stage) ?? []), value]);
}

/** The labels that a reader has to be warned of. */
const special = (labels) => (labels ?? []).filter((it) => it !== "published");

const upstream = (stage) => {
  const makers = stage.inputs.map((it) => it.stage).filter((it) => it !== null && stages.has(it));
  return [...new Set(makers)].sort();
};
const downstream = new Map();
for (const stage of stages.values()) {
  for (const maker of upstream(stage)) {
    downstream.set(maker, [...(downstream.get(maker) ?? []), stage.name]);
  }
}

/** Stages and all that they rest on: each before what it takes, and told once. */
function above(names) {
  const steps = [], seen = new Set();
  const waiting = [...names].reverse().map((name) => [name, 0]);
  while (waiting.length > 0) {
    const [name, depth] = waiting.pop();
    const stage = stages.get(name);
    if (!stage || seen.has(name)) continue;
    seen.add(name);
    steps.push({ stage, depth });
    for (const other of upstream(stage).reverse()) waiting.push([other, depth + 1]);
  }
  return steps;
}

/** Stages and all that they reach. */
function below(names) {
  const seen = new Set(), queue = [...names];
  for (let at = 0; at < queue.length; at += 1) {
    if (seen.has(queue[at])) continue;
    seen.add(queue[at]);
    queue.push(...(downstream.get(queue[at]) ?? []));
  }
  return [...seen];
}

const readers = (source) =>
  [...stages.values()].filter((it) => it.inputs.some((input) => input.source === source))
    .map((it) => it.name);

/** The raw sources that some stages are given. */
function sourcesOf(names) {
  const found = new Set();
  for (const name of names) {
    for (const input of stages.get(name)?.inputs ?? []) {
      if (input.source !== null) found.add(input.source);
    }
  }
  return [...found].sort();
}

/** Every page on which the report prints something. */
function pagesPrinted() {
  const pages = new Set();
  for (const value of values.values()) value.pages.forEach((page) => pages.add(page));
  for (const it of [...data.figures, ...data.words]) pages.add(it.page);
  return [...pages].filter((page) => page > 0).sort((a, b) => a - b);
}

/** Claims that a value has a part in. */
const claimsOf = (name) =>
  [...claims.values()].filter(({ row }) => Array.isArray(row.values) && row.values.includes(name));
const wordsOf = (name) => data.words.filter((it) => it.names.includes(name));
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
