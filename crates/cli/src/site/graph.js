// The graph: boxes that are links, and the path of what was asked for.

/** What is shown of it stays as somebody chose it. */
const shown = { cells: false, whole: false, fit: false };

/**
 * The graph with some stages and sources lit: `up` is what something rests on, `down`
 * what it reaches, `here` what was asked for.
 */
function graph(up, down, here, title) {
  if (data.drawings.length === 0) {
    return stages.size === 0 ? null
      : el("p.quiet", {}, "The graph has more boxes than can be read, and is left out.");
  }
  const place = el("div.scroll", { tabindex: "0", role: "region",
    "aria-label": `${title}, the drawing` });
  const some = up.size + down.size > 0;
  const draw = () => place.replaceChildren(drawing(up, down, here, some));
  const choice = (key, words) => {
    const box = el("input", { type: "checkbox" });
    box.checked = shown[key];
    box.addEventListener("change", () => { shown[key] = box.checked; draw(); });
    return el("label", {}, box, " ", words);
  };
  draw();
  const legend = !some ? el("p.quiet", {}, "Raw tables have broken outlines. Choose a box to see " +
      "what it rests on and what it reaches.")
    : el("p.legend", {}, up.size > 0 ? [el("b.up-word", {}, "Solid and thick"), ": what it rests on. "] : null,
      down.size > 0 ? [el("b.down-word", {}, "Dashed and thick"), ": what it reaches."] : null);
  return el("section.graph", { "aria-labelledby": "graph-title" },
    el("h2", { id: "graph-title" }, title), legend,
    el("div.tools", {}, some ? choice("whole", "Show the rest as well") : null,
      data.drawings.length > 1 ? choice("cells", "Show each cell of a matrix") : null,
      choice("fit", "Fit into the width")), place);
}

function drawing(up, down, here, some) {
  const drawn = data.drawings[shown.cells ? data.drawings.length - 1 : 0];
  const names = (box) => (box.kind === "source" ? [`raw:${box.name}`] : box.stages);
  const lit = (box, set) => names(box).some((it) => set.has(it));
  const side = drawn.boxes.map((box) => (lit(box, up) ? "up" : lit(box, down) ? "down" : ""));
  const isHere = drawn.boxes.map((box) => lit(box, here));
  const visible = (i) => !some || shown.whole || side[i] !== "";
  const both = (from, to) => {
    if (side[from] === "" || side[to] === "") return "";
    if (side[from] === side[to]) return side[from];
    return isHere[from] && side[to] === "down" ? "down" : "";
  };
  const arrows = drawn.arrows.map(([from, to, points]) => ({ kind: both(from, to), points }))
    .filter((it) => !some || shown.whole || it.kind !== "")
    .sort((a, b) => (a.kind === "" ? 0 : 1) - (b.kind === "" ? 0 : 1));
  const boxes = drawn.boxes.map((box, i) => ({ ...box, side: side[i], isHere: isHere[i] }))
    .filter((_, i) => visible(i));
  const [x, width] = squeeze(boxes.map(({ at: [left, , wide] }) => [left, left + wide]), 56, 0.2);
  const rows = arrows.flatMap(({ points }) => points.map(([, , y]) => [y - 2, y + 2]));
  const [y, height] = squeeze([...rows, ...boxes.map(({ at: [, top, , high] }) => [top, top + high])], 14, 0);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": "Stages and raw tables, from left to right" },
  [...pieces(arrows, x, y)].map(([d, kind]) => svg("path", { class: `arrow ${kind}`, d })),
  boxes.map((box) => drawnBox(box, x, y)));
  if (shown.fit) picture.setAttribute("class", "fit");
  else {
    picture.setAttribute("width", width);
    picture.setAttribute("height", height);
  }
  return picture;
}

/**
 * Takes away most of the room that nothing stands in: gives a rising map of places, and
 * how far it reaches. Between two that stand apart so much is left, and a part of the rest.
 */
function squeeze(spans, room, part) {
  const margin = 16, taken = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = taken.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else taken.push([from, to]);
  }
  const points = [];
  let end = margin;
  for (const [i, [from, to]] of taken.entries()) {
    const gap = i === 0 ? 0 : from - taken[i - 1][1];
    end += Math.min(gap, room) + Math.max(gap - room, 0) * part;
    points.push([from, end], [to, end + to - from]);
    end += to - from;
  }
  const map = (at) => {
    const next = points.findIndex(([was]) => was >= at);
    if (next <= 0) return points.length === 0 ? at : next === 0 ? points[0][1] : end;
    const [[was0, is0], [was1, is1]] = [points[next - 1], points[next]];
    return is0 + (was1 === was0 ? 0 : ((at - was0) / (was1 - was0)) * (is1 - is0));
  };
  return [(it) => Math.round(map(it) * 10) / 10, Math.round(end + margin)];
}

/** Arrows in pieces, straight ones and curved ones; what several share is drawn once. */
function pieces(arrows, x, y) {
  const found = new Map();
  for (const { kind, points } of arrows) {
    for (const [i, [left, right, row]] of points.entries()) {
      if (i === 0) continue;
      const [x1, y1, x2, y2] = [x(points[i - 1][1]), y(points[i - 1][2]), x(left), y(row)];
      const middle = Math.round((x1 + x2) * 5) / 10;
      const draw = (d) => found.set(d, kind || found.get(d) || "");
      draw(`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`);
      if (i + 1 < points.length) draw(`M${x2} ${y2}H${x(right)}`);
    }
  }
  return found;
}

function drawnBox(box, mapX, mapY) {
  const { side, isHere, at: [left, top, wide, high] } = box, x = mapX(left), y = mapY(top);
  const what = box.kind === "source" ? "raw table" : box.stages.length > 1
    ? `${box.stages.length} cells` : "stage";
  const words = isHere ? ", asked for" : { up: ", rested on", down: ", reached", "": "" }[side];
  const labels = new Set(box.kind === "source" ? sources.get(box.name)?.labels ?? []
    : box.stages.flatMap((it) => stages.get(it)?.labels ?? []));
  const told = special([...labels]);
  const label = `${plain(box.label)}, ${what}${words}${told.map((it) => `, ${it}`).join("")}`;
  const name = box.kind === "stage" && box.stages.length === 1 ? box.stages[0] : box.name;
  return svg("a", { href: at(box.kind, name), class: `box ${box.kind} ${side} ${isHere ? "here" : ""}`,
    "aria-label": label },
    svg("title", {}, plain(name) + told.map((it) => `, ${it}`).join("")),
    svg("rect", { x, y, width: wide, height: high, rx: box.kind === "source" ? 14 : 4 }),
    svg("text", { x: x + wide / 2, y: y + high / 2 + 4.5, "text-anchor": "middle" },
      told.length > 0 ? "⚠ " : "", box.label));
}

/** The graph with what some stages rest on. */
function graphAbove(names, title) {
  const up = above(names).map((it) => it.stage.name);
  return graph(new Set([...up, ...sourcesOf(up).map((it) => `raw:${it}`)]), new Set(),
    new Set(names), title);
}
