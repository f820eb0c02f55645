// The ledger: the requested rate and the measured rate of each strategy.

import { get } from "./api.js";
import { el, percent, RESOURCES } from "./parts.js";

const SPANS = [["today", 0], ["7 days", 604800], ["30 days", 2592000], ["a year", 31536000]];
const [LETTER, LINE] = [6.6, 14]; // the widest letters of a name, and its height, in units of the picture
const SVG = "http://www.w3.org/2000/svg";

export async function open(main) {
  let span = 604800;
  const tables = el("div");
  const choose = el("select", { onchange: (e) => { span = Number(e.target.value); refresh(); } }, ...SPANS.map(([text, seconds]) => el("option", { value: seconds, selected: seconds === span }, text)));
  main.append(el("h1", {}, "Ledger"), el("p", { class: "note" }, "Each promise is compared with the next window. “offered” is what was published, after guards; the other strategies were only computed."),
    el("div", { class: "toolbar" }, el("label", {}, "Period", choose)), tables);

  async function refresh() {
    const rows = await get(`api/v1/ledger?last=${span}`);
    tables.replaceChildren(...Object.keys(RESOURCES).map((resource) => section(resource, rows.filter((row) => row.resource === resource))));
  }
  await refresh();
  return { title: "Ledger", refresh };
}

function section(resource, rows) {
  const { title } = RESOURCES[resource];
  if (!rows.length) return el("section", {}, el("h2", {}, title), el("p", { class: "note" }, "No promise was compared with a window in this time."));
  const cells = [["asked", "Requested risk"], ["got", "Measured risk"], ["violations", "Violations"], ["severity", "Mean shortfall"], ["savings", "Saved"], ["free", "Free"], ["waste", "Waste"]];
  const table = el("table", {}, el("caption", {}, `${title}: risks and violations are shares of windows; shortfall, free and waste are shares of capacity`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Strategy"), ...cells.map(([, text]) => el("th", { scope: "col" }, text)), el("th", { scope: "col" }, "Windows"))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row.strategy), ...cells.map(([key]) => el("td", {}, percent(row[key]))), el("td", {}, row.windows.toLocaleString("en"))))));
  return el("section", {}, el("h2", {}, title), el("div", { class: "pair wide" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: table` }, table), frontier(title, rows)));
}

/** The figure of savings and violations: lower and further right is better. */
function frontier(title, rows) {
  const [width, height, left, bottom] = [460, 280, 50, 40];
  const known = rows.filter((row) => row.savings !== null && row.violations !== null);
  const most = Math.max(0.02, ...known.map((row) => row.violations)) * 1.1;
  const [low, high] = [Math.min(0, ...known.map((row) => row.savings)), Math.max(0.1, ...known.map((row) => row.savings)) * 1.15];
  const x = (value) => left + ((value - low) / (high - low)) * (width - left - 20);
  const y = (value) => height - bottom - (value / most) * (height - bottom - 20);
  const make = (name, attributes, text = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  const picture = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: savings and violations of ${known.length} strategies` });
  for (let step = 0; step <= 4; step++) {
    const at = y((most * step) / 4);
    picture.append(make("line", { class: "guide", x1: left, x2: width - 20, y1: at, y2: at }), make("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, percent((most * step) / 4)));
    const across = low + ((high - low) * step) / 4;
    picture.append(make("text", { x: x(across), y: height - bottom + 16, "text-anchor": "middle" }, percent(across)));
  }
  picture.append(make("text", { x: width / 2, y: height - 6, "text-anchor": "middle" }, "savings, share of the allocation"));
  const taken = known.map((row) => [x(row.savings), y(row.violations)]).map(([px, py]) => ({ x: px - 6, right: px + 6, top: py - 6, bottom: py + 6 }));
  for (const row of [...known].sort((a, b) => a.violations - b.violations)) {
    const [px, py] = [x(row.savings), y(row.violations)];
    const name = place(px, py, row.strategy.length * LETTER, [left, width], taken);
    taken.push(name);
    picture.append(make("circle", { cx: px, cy: py, r: 5, fill: row.strategy === "offered" ? "var(--ok)" : "var(--demand)" }),
      make("text", { class: "name", x: name.x, y: name.bottom - 3 }, row.strategy));
  }
  return el("figure", {}, el("figcaption", {}, "Violations (upright) and savings (across): lower and further right is better"), picture);
}

/** A place for the name of a point where it covers no other name and no point: beside the point, or above. */
function place(px, py, wide, [low, high], taken) {
  for (let bottom = py + 7; ; bottom -= LINE) {
    for (const x of [px + 8, px - 8 - wide, px - wide / 2]) {
      const box = { x, right: x + wide, bottom, top: bottom - LINE };
      const covers = taken.some((other) => other.x < box.right && box.x < other.right && other.top < box.bottom && box.top < other.bottom);
      if ((x >= low && box.right <= high && !covers) || bottom < -1000) return box;
    }
  }
}
