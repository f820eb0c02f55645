// The table of all nodes. Only the visible rows are drawn.

import { get } from "./api.js";
import { amount, badge, bar, el, legend, RESOURCES } from "./parts.js";

const STATES = ["ok", "held", "fallback", "withdrawn", "expired"];
const HEADINGS = [["node", "Node"], ["state", "State"], ["cpu_demand", "CPU"], ["cpu_free", "cores free"],
  ["mem_demand", "Memory"], ["mem_free", "GiB free"], ["vms", "VMs"], ["reason", "Why"]];
const MARGIN = 6;

export async function open(main) {
  const choice = { search: "", group: "", state: "", sort: "node", down: false };
  let nodes = [];
  let shown = [];
  const title = el("h1", {}, "Fleet");
  const tiles = el("div", { class: "tiles" });
  const search = el("input", { type: "search", placeholder: "name", "aria-label": "Search nodes by name", oninput: (e) => { choice.search = e.target.value.toLowerCase(); choose(); } });
  const group = el("select", { onchange: (e) => { choice.group = e.target.value; choose(); } });
  const chips = el("div", { class: "states", role: "group", "aria-label": "Show nodes in one state" });
  const found = el("span", { class: "note", role: "status" });
  const head = el("div", { class: "grid head", role: "row" }, ...HEADINGS.map(([key, text], at) =>
    el("div", { role: "columnheader", class: at === 3 || at === 5 || at === 6 ? "num" : "", "data-key": key },
      el("button", { type: "button", onclick: () => { choice.down = choice.sort === key ? !choice.down : at > 1 && at < 7; choice.sort = key; choose(); } }, text))));
  const rows = el("div", { class: "rows", role: "rowgroup" });
  const box = el("div", { class: "fleet", role: "table", "aria-label": "Nodes", tabindex: "0" }, el("div", { role: "rowgroup" }, head), rows);
  main.append(title, tiles, el("div", { class: "toolbar" }, el("label", {}, "Search", search), el("label", {}, "Group", group), chips, found), legend(), box);
  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  window.addEventListener("resize", draw);

  async function refresh() {
    const answer = await get("api/v1/fleet");
    nodes = answer.nodes.map((row) => Object.fromEntries(row.map((value, at) => [answer.columns[at], value])));
    summarise(answer);
    const names = [...new Set(nodes.map((node) => node.group))];
    group.replaceChildren(el("option", { value: "" }, "all groups"), ...names.map((name) => el("option", { value: name, selected: name === choice.group }, name)));
    group.parentElement.hidden = names.length < 2;
    choose();
  }

  function summarise() {
    const counts = Object.fromEntries(STATES.map((state) => [state, nodes.filter((node) => node.state === state).length]));
    chips.replaceChildren(...STATES.filter((state) => counts[state] || state === choice.state).map((state) =>
      el("button", { type: "button", class: "chip", "aria-pressed": String(choice.state === state), onclick: () => { choice.state = choice.state === state ? "" : state; summarise(); choose(); } }, `${counts[state]} ${state}`)));
    tiles.replaceChildren(...Object.entries(RESOURCES).map(([resource, { title: name, unit }]) => {
      const sum = (what) => nodes.reduce((total, node) => total + (node[`${resource}_${what}`] || 0), 0);
      const all = Object.fromEntries(["capacity", "allocated", "usage", "demand", "free"].map((what) => [what, sum(what)]));
      return el("section", { class: "tile" }, el("h2", {}, name),
        el("div", { class: "big" }, `${amount(all.free, resource)} `, el("small", {}, `of ${amount(all.capacity, resource)} ${unit} free`)),
        bar(all, resource), el("p", { class: "note" }, `${amount(all.allocated, resource)} allocated, ${amount(all.usage, resource)} used, ${amount(all.demand, resource)} demand`));
    }), el("section", { class: "tile" }, el("h2", {}, "Nodes"), el("div", { class: "big" }, String(nodes.length)),
      el("p", { class: "note" }, counts.ok === nodes.length ? "All offers use fresh data." : `${nodes.length - counts.ok} with a limited offer; the column Why gives the reason.`)));
  }

  function choose() {
    shown = nodes.filter((node) => (!choice.search || node.node.toLowerCase().includes(choice.search)) &&
      (!choice.group || node.group === choice.group) && (!choice.state || node.state === choice.state));
    const rank = (value) => (choice.sort === "state" ? STATES.indexOf(value) : value);
    shown.sort((a, b) => {
      const [x, y] = [rank(a[choice.sort]), rank(b[choice.sort])];
      const order = x === y ? 0 : x === null ? -1 : y === null ? 1 : typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return (choice.down ? -order : order) || a.node.localeCompare(b.node, "en", { numeric: true });
    });
    for (const cell of head.children) {
      if (cell.dataset.key === choice.sort) cell.setAttribute("aria-sort", choice.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    box.setAttribute("aria-rowcount", String(shown.length + 1));
    found.textContent = shown.length === nodes.length ? "" : `${shown.length} of ${nodes.length} nodes`;
    draw();
  }

  function draw() {
    const probe = el("div", { class: "grid" });
    rows.append(probe);
    const height = probe.getBoundingClientRect().height || 36;
    probe.remove();
    rows.style.height = `${height * shown.length}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - MARGIN);
    const last = Math.min(shown.length, first + Math.ceil(box.clientHeight / height) + 2 * MARGIN);
    rows.replaceChildren(...shown.slice(first, last).map((node, at) => row(node, first + at, height)));
    if (!shown.length) rows.replaceChildren(el("p", { class: "note" }, nodes.length ? " No node matches." : " No node has a complete window yet."));
  }
  await refresh();
  return { title: "Fleet", refresh, close: () => window.removeEventListener("resize", draw) };
}

function row(node, at, height) {
  const made = el("div", { class: "grid", role: "row", "aria-rowindex": String(at + 2) });
  made.style.top = `${at * height}px`;
  const cell = (content, name = "") => made.append(el("div", { role: "cell", class: name }, content));
  const of = (resource) => Object.fromEntries(["capacity", "allocated", "usage", "demand", "free"].map((what) => [what, node[`${resource}_${what}`]]));
  cell(el("a", { href: `#/node/${encodeURIComponent(node.node)}`, title: node.node }, node.node));
  cell(badge(node.state));
  cell(bar(of("cpu"), "cpu"));
  cell(amount(node.cpu_free, "cpu"), "num");
  cell(bar(of("mem"), "mem"));
  cell(amount(node.mem_free, "mem"), "num");
  cell(node.vms === null ? "–" : String(node.vms), "num");
  cell(el("span", { title: node.reason }, node.reason), "why");
  return made;
}
