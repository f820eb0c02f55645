// The memory companion: the memory of each VM, its target, and the reason.

import { get } from "./api.js";
import { el, time } from "./parts.js";

const STEP = 200;
const KINDS = { shrink: "held", grow: "ok", release: "withdrawn", keep: "ok", refuse: "fallback" };
const mib = (value) => (value === null ? "–" : Math.round(value).toLocaleString("en"));
const chip = (act) => el("span", { class: `badge ${KINDS[act] ?? "held"}` }, act);

export async function open(main) {
  const facts = el("div", { class: "tiles" });
  const search = el("input", { type: "search", placeholder: "node or VM", "aria-label": "Search nodes and VMs", oninput: () => { shown.vms = STEP; showVms(); } });
  const act = el("select", { "aria-label": "Act", onchange: () => { shown.vms = STEP; showVms(); } },
    el("option", { value: "" }, "all"), ...Object.keys(KINDS).map((kind) => el("option", { value: kind }, kind)));
  const [nodes, vms, acts] = [el("div"), el("div"), el("div")];
  main.append(el("h1", {}, "Memory"), facts, nodes, el("h2", {}, "VMs"),
    el("div", { class: "toolbar" }, el("label", {}, "Search", search), el("label", {}, "Act", act)), vms, el("h2", {}, "Last requests"), acts);
  const shown = { nodes: STEP, vms: STEP };
  let asked = 0;

  // All pages up to the last one that the user wants to see.
  async function pages(path, name, most) {
    const found = [];
    for (let next = "0"; ;) {
      const page = await get(`${path}&cursor=${next}&limit=${STEP}`);
      found.push(...page[name]);
      next = page.next;
      if (next === null || found.length >= most) return { ...page, [name]: found };
    }
  }

  // The number of rows that are shown, and a button that shows more.
  const more = (what, page, kind, show) => page.next === null ? [] : [el("p", { class: "note" }, `${page[kind].length} of ${page.total} ${what} `,
    el("button", { type: "button", onclick: () => { shown[kind] += STEP; show(); } }, `Show more ${what}`))];

  async function showVms() {
    const mine = asked += 1;
    const query = new URLSearchParams({ search: search.value, ...(act.value && { act: act.value }) });
    const page = await pages(`api/v1/balloon/vms?${query}`, "vms", shown.vms);
    if (mine !== asked) return; // a later request has replaced this one
    vms.replaceChildren(page.vms.length ? table(page.vms) : el("p", { class: "note" }, "No VM matches."), ...more("VMs", page, "vms", showVms));
  }

  async function showNodes() {
    const page = await pages("api/v1/balloon?", "nodes", shown.nodes);
    const { totals } = page;
    facts.replaceChildren(
      tile("Mode", page.mode, page.mode === "plan" ? "Nothing is changed: set mode = \"apply\" in the table [balloon]." : `VMs are shrunk and grown; policy ${page.policy}.`),
      tile("Taken", `${mib(totals.taken)} MiB`, `${mib(totals.wanted)} MiB are wanted`),
      tile("Not changed", `${mib(totals.refused)} of ${mib(totals.vms)} VMs`, totals.refused ? "The column Why gives the reasons." : "Every VM can be shrunk."),
      tile("Nodes", mib(totals.nodes), totals.unseen ? `${mib(totals.unseen)} without an answer` : "all of them answer"));
    nodes.replaceChildren(nodeTable(page.nodes), ...more("nodes", page, "nodes", showNodes));
    acts.replaceChildren(page.acts.length ? log(page.acts) : el("p", { class: "note" }, "No balloon has been changed yet."));
  }

  const refresh = () => Promise.all([showNodes(), showVms()]);
  await refresh();
  return { title: "Memory", refresh };
}

const tile = (title, big, note) => el("section", { class: "tile" }, el("h2", {}, title), el("div", { class: "big" }, big), el("p", { class: "note" }, note));
const heads = (...names) => el("thead", {}, el("tr", {}, ...names.map(([name, text]) => el("th", { scope: "col", class: text ? "text" : "" }, name))));
const scroll = (caption, head, rows) => el("div", { class: "scroll" }, el("table", {}, el("caption", {}, caption), head, el("tbody", {}, ...rows)));

const nodeTable = (nodes) => scroll("Nodes, MiB", heads(["Node"], ["VMs"], ["Not changed"], ["Memory"], ["Available"], ["Wanted"], ["Taken"], ["Time (UTC)"], ["Problem", true]),
  nodes.map((node) => el("tr", {}, el("th", { scope: "row" }, node.node), ...["vms", "refused", "total", "available", "wanted", "taken"].map((name) => el("td", {}, mib(node[name]))),
    el("td", {}, time(node.time)), el("td", { class: "text" }, node.problem || "none"))));

const table = (rows) => scroll("VMs, MiB", heads(["VM"], ["Node", true], ["Allocated"], ["Current"], ["Used"], ["Usable"], ["Needed"], ["Target"], ["Act", true], ["Why", true]),
  rows.map(({ node, vm }) => el("tr", {}, el("th", { scope: "row" }, vm.name), el("td", { class: "text short" }, node),
    ...["promised", "actual", "used", "usable", "need", "target"].map((name) => el("td", {}, mib(vm[name]))),
    el("td", { class: "text short" }, chip(vm.act)), el("td", { class: "text reason" }, `${vm.reason} ${vm.failure}`.trim()))));

const log = (acts) => scroll("Newest first, MiB", heads(["Time (UTC)"], ["Node", true], ["VM", true], ["Act", true], ["Before"], ["After"], ["Why", true]),
  acts.map((one) => el("tr", {}, el("th", { scope: "row" }, time(one.time)), el("td", { class: "text short" }, one.node), el("td", { class: "text short" }, one.name),
    el("td", { class: "text short" }, chip(one.act)), el("td", {}, mib(one.before)), el("td", {}, mib(one.after)), el("td", { class: "text reason" }, one.reason))));
