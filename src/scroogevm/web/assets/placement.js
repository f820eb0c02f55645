// OpenStack Placement: its inventory beside the offers, the plan, and the last writes.

import { get } from "./api.js";
import { amount, el, time } from "./parts.js";

const PLANS = {
  written: ["written", "ok"],
  change: ["will change", "held"], back: ["returns to the first ratio", "fallback"], unchanged: ["no change needed", "ok"], "dead band": ["change is too small", "ok"],
  blocked: ["cannot be written", "withdrawn"], "not adopted": ["not adopted", "fallback"], kept: ["kept", "held"], canary: ["waits for canaries", "held"],
  share: ["waits for its turn", "held"], "not asked": ["not selected", "expired"],
};
const OUTCOMES = { written: "ok", conflict: "held", refused: "withdrawn", lost: "withdrawn", open: "fallback" };
const chip = (text, kind) => el("span", { class: `badge ${kind}` }, text);
const ratio = (value) => (value === null ? "–" : value.toFixed(2));
const units = (value) => (value === null ? "–" : value.toLocaleString("en"));
const link = (node) => el("a", { href: `#/node/${encodeURIComponent(node)}` }, node);

export async function open(main) {
  let wanted = "";
  const facts = el("div", { class: "tiles" });
  const search = el("input", { type: "search", placeholder: "name", "aria-label": "Search nodes by name", oninput: (e) => { wanted = e.target.value; refresh(); } });
  const [rows, writes] = [el("div"), el("div")];
  main.append(el("h1", {}, "Placement"), facts, el("div", { class: "toolbar" }, el("label", {}, "Search", search)), rows, el("h2", {}, "Last writes"), writes);

  async function refresh() {
    const view = await get(`api/v1/placement?limit=300${wanted ? `&search=${encodeURIComponent(wanted)}` : ""}`);
    const waits = Object.entries(view.stays).filter(([why]) => why !== "unchanged").map(([why, number]) => `${number} ${PLANS[why]?.[0] ?? why}`);
    facts.replaceChildren(
      el("section", { class: "tile" }, el("h2", {}, "Mode"), el("div", { class: "big" }, view.mode),
        el("p", { class: "note" }, view.mode === "plan" ? "Nothing is written: set mode = \"apply\" in the table [placement]." : "Ratios are written as offers change.")),
      el("section", { class: "tile" }, el("h2", {}, "Plan"), el("div", { class: "big" }, `${view.changes} `, el("small", {}, view.changes === 1 ? "ratio will be written" : "ratios will be written")),
        el("p", { class: "note" }, view.window === null ? "There is no plan yet." : `Window ended ${time(view.window_end)} UTC. ${waits.join(", ")}`)));
    rows.replaceChildren(view.rows.length ? table(view.rows) : el("p", { class: "note" }, "No node matches."));
    writes.replaceChildren(view.writes.length ? log(view.writes) : el("p", { class: "note" }, "Nothing has been written yet."));
  }
  await refresh();
  return { title: "Placement", refresh };
}

/** The section of a node's page; empty if offers do not go to Placement. */
export async function section(node) {
  const { sinks } = await get("api/v1/health");
  if (!sinks.some((sink) => sink.name === "placement")) return [];
  const view = await get(`api/v1/placement?node=${encodeURIComponent(node)}`);
  return [el("h2", {}, "Placement"), view.rows.length ? table(view.rows, false) : el("p", { class: "note" }, "There is no plan for this node yet."),
    ...(view.writes.length ? [log(view.writes)] : [])];
}

const heads = (...names) => el("thead", {}, el("tr", {}, ...names.map(([name, text]) => el("th", { scope: "col", class: text ? "text" : "" }, name))));

function table(rows, named = true) {
  const line = (row) => {
    const [said, kind] = PLANS[row.plan] ?? [row.plan, "held"];
    const first = named ? el("th", { scope: "row" }, link(row.node)) : el("th", { scope: "row" }, row.kind || "all");
    return el("tr", {}, first, ...(named ? [el("td", { class: "text short" }, row.kind || "all")] : []),
      el("td", {}, units(row.total)), el("td", {}, units(row.reserved)), el("td", {}, units(row.used)), el("td", {}, units(row.room)),
      el("td", {}, row.free === null ? "–" : row.resource === "mem" ? units(Math.round(row.free)) : amount(row.free, "cpu")),
      el("td", {}, ratio(row.ratio)), el("td", {}, row.after === null ? "" : `→ ${ratio(row.after)}`),
      el("td", { class: "text short" }, chip(said, kind)), el("td", { class: "text reason" }, row.reason));
  };
  return el("div", { class: "scroll" }, el("table", {}, el("caption", {}, "Inventory of Placement, and the offers (VCPU in cores, MEMORY_MB in MiB)"),
    heads(...(named ? [["Node"], ["Class", true]] : [["Class"]]), ["Total"], ["Reserved"], ["Used"], ["Room"], ["Offered free"], ["Ratio"], ["Next ratio"], ["Plan", true], ["Why", true]),
    el("tbody", {}, ...rows.map(line))));
}

function log(writes) {
  const change = (pairs) => Object.entries(pairs).map(([kind, [before, after]]) => `${kind} ${ratio(before)} → ${ratio(after)}`).join(", ");
  return el("div", { class: "scroll" }, el("table", {}, el("caption", {}, "Newest first"), heads(["Time (UTC)"], ["Node", true], ["Ratios", true], ["Purpose", true], ["Outcome", true], ["Why", true]),
    el("tbody", {}, ...writes.map((one) => el("tr", {}, el("th", { scope: "row" }, time(one.time)), el("td", { class: "text short" }, link(one.node)), el("td", { class: "text short" }, change(one.ratios)),
      el("td", { class: "text short" }, one.purpose), el("td", { class: "text short" }, chip(one.outcome, OUTCOMES[one.outcome] ?? "held")), el("td", { class: "text reason" }, one.detail ? `${one.reason} (${one.detail})` : one.reason))))));
}
