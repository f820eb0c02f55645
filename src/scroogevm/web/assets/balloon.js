// The memory companion: what each VM has, what it shall have, and why.

import { get } from "./api.js";
import { el, time } from "./parts.js";

const MOST = 500;
const KINDS = { shrink: "held", grow: "ok", release: "withdrawn", keep: "ok", refuse: "fallback" };
const mib = (value) => (value === null ? "–" : Math.round(value).toLocaleString("en"));
const chip = (act) => el("span", { class: `badge ${KINDS[act] ?? "held"}` }, act);

export async function open(main) {
  let wanted = "";
  const facts = el("div", { class: "tiles" });
  const search = el("input", { type: "search", placeholder: "node or VM", "aria-label": "Search nodes and VMs", oninput: (e) => { wanted = e.target.value.toLowerCase(); show(); } });
  const [nodes, vms, acts] = [el("div"), el("div"), el("div")];
  main.append(el("h1", {}, "Memory"), facts, nodes, el("h2", {}, "VMs"), el("div", { class: "toolbar" }, el("label", {}, "Search", search)), vms, el("h2", {}, "Last requests"), acts);
  let view = null;

  function show() {
    const rows = view.nodes.flatMap((node) => node.vms.map((vm) => [node.node, vm])).filter(([node, vm]) => `${node} ${vm.name}`.toLowerCase().includes(wanted));
    vms.replaceChildren(rows.length ? table(rows.slice(0, MOST)) : el("p", { class: "note" }, "No VM is like that."),
      ...(rows.length > MOST ? [el("p", { class: "note" }, `and ${rows.length - MOST} further VMs`)] : []));
  }

  async function refresh() {
    view = await get("api/v1/balloon");
    const sum = (name) => view.nodes.reduce((total, node) => total + (node[name] ?? 0), 0);
    const refused = view.nodes.flatMap((node) => node.vms).filter((vm) => vm.act === "refuse").length;
    facts.replaceChildren(
      tile("Mode", view.mode, view.mode === "plan" ? "Nothing is changed: set mode = \"apply\" in the table [balloon]." : `VMs are shrunk and grown; policy ${view.policy}.`),
      tile("Taken", `${mib(sum("taken"))} MiB`, `${mib(sum("wanted"))} MiB are asked for`),
      tile("Left alone", String(refused), refused ? "see Why" : "every VM can be shrunk"));
    nodes.replaceChildren(nodeTable(view.nodes));
    acts.replaceChildren(view.acts.length ? log(view.acts) : el("p", { class: "note" }, "Nothing was asked of a balloon yet."));
    show();
  }
  await refresh();
  return { title: "Memory", refresh };
}

const tile = (title, big, note) => el("section", { class: "tile" }, el("h2", {}, title), el("div", { class: "big" }, big), el("p", { class: "note" }, note));
const heads = (...names) => el("thead", {}, el("tr", {}, ...names.map(([name, text]) => el("th", { scope: "col", class: text ? "text" : "" }, name))));
const scroll = (caption, head, rows) => el("div", { class: "scroll" }, el("table", {}, el("caption", {}, caption), head, el("tbody", {}, ...rows)));

const nodeTable = (nodes) => scroll("Nodes, MiB", heads(["Node"], ["Memory"], ["Left"], ["Asks for"], ["Taken"], ["Looked at (UTC)"], ["Trouble", true]),
  nodes.map((node) => el("tr", {}, el("th", { scope: "row" }, node.node), ...["total", "available", "wanted", "taken"].map((name) => el("td", {}, mib(node[name]))),
    el("td", {}, time(node.time)), el("td", { class: "text" }, node.problem || "none"))));

const table = (rows) => scroll("VMs, MiB", heads(["VM"], ["Node", true], ["Promised"], ["Has"], ["Uses"], ["Could give"], ["Needs"], ["Target"], ["Act", true], ["Why", true]),
  rows.map(([node, vm]) => el("tr", {}, el("th", { scope: "row" }, vm.name), el("td", { class: "text short" }, node),
    ...["promised", "actual", "used", "usable", "need", "target"].map((name) => el("td", {}, mib(vm[name]))),
    el("td", { class: "text short" }, chip(vm.act)), el("td", { class: "text reason" }, `${vm.reason} ${vm.failure}`.trim()))));

const log = (acts) => scroll("Newest first, MiB", heads(["Time (UTC)"], ["Node", true], ["VM", true], ["Act", true], ["Before"], ["After"], ["Why", true]),
  acts.map((one) => el("tr", {}, el("th", { scope: "row" }, time(one.time)), el("td", { class: "text short" }, one.node), el("td", { class: "text short" }, one.name),
    el("td", { class: "text short" }, chip(one.act)), el("td", {}, mib(one.before)), el("td", {}, mib(one.after)), el("td", { class: "text reason" }, one.reason))));
