// One node: its usage, its demand, its offer, and the reasons of the offer.

import { get, send } from "./api.js";
import { amount, badge, bar, el, legend, length, percent, RESOURCES, time } from "./parts.js";
import { section } from "./placement.js";

const SPANS = [["6 hours", 21600], ["1 day", 86400], ["7 days", 604800], ["30 days", 2592000]];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const SHADOWS = ["#8172b3", "#4c9a6a", "#b5598b", "#8c8c4a", "#5b8fa8"];

export async function open(main, [name]) {
  let span = 86400;
  const path = `api/v1/nodes/${encodeURIComponent(name)}`;
  const head = el("div");
  const charts = el("div", { class: "pair" });
  const why = el("div", { class: "pair" });
  const rest = el("div");
  const choose = el("select", { onchange: (e) => { span = Number(e.target.value); refresh(); } }, ...SPANS.map(([text, seconds]) => el("option", { value: seconds, selected: seconds === span }, text)));
  main.append(el("p", { class: "note" }, el("a", { href: "#/fleet" }, "← Fleet")), head,
    el("div", { class: "toolbar" }, el("label", {}, "Show the last", choose)), charts, el("h2", {}, "Why"), why, rest);
  let plots = [];

  async function refresh() {
    const node = await get(path);
    head.replaceChildren(el("h1", {}, `${node.node} `, badge(state(node))), hold(node), el("div", { class: "tiles" }, ...Object.entries(node.resources).map(([resource, offer]) =>
      el("section", { class: "tile" }, el("h2", {}, RESOURCES[resource].title),
        el("div", { class: "big" }, `${amount(offer.free, resource)} `, el("small", {}, `of ${amount(offer.capacity, resource)} ${RESOURCES[resource].unit} free`)),
        bar(offer, resource), el("p", { class: "note" }, `ratio ${offer.ratio === null ? "–" : offer.ratio.toFixed(2)}, ${offer.state} since ${time(offer.since)} UTC`)))), legend());
    const found = await Promise.all(Object.keys(node.resources).map((resource) => get(`${path}/history?resource=${resource}&last=${span}`)));
    plots.forEach((plot) => plot.destroy());
    const holders = Object.keys(node.resources).map(() => el("div", { class: "chart" }));
    charts.replaceChildren(...Object.keys(node.resources).map((resource, at) => el("figure", {},
      el("figcaption", {}, `${RESOURCES[resource].title}, ${RESOURCES[resource].unit}: each window, and the demand expected for the next one`), holders[at])));
    plots = Object.keys(node.resources).map((resource, at) => draw(holders[at], resource, found[at]));
    why.replaceChildren(...Object.entries(node.resources).map(([resource, offer]) => chain(resource, offer)));
    rest.replaceChildren(el("h2", {}, "Data behind the offer"), inputs(node), ...(await section(name)));
  }

  function hold(node) {
    const note = el("p", { class: "note" });
    const act = async (action) => { try { await action(); await refresh(); } catch (error) { note.textContent = error.message; } };
    const line = node.hold
      ? [`Held by ${node.hold.by || "an operator"} since ${time(node.hold.since)} UTC${node.hold.note ? `: ${node.hold.note}` : ""}. `,
        el("button", { type: "button", onclick: () => act(() => send("DELETE", `${path}/hold`)) }, "End the hold")]
      : [el("button", { type: "button", title: "The offer does not rise until you end the hold", onclick: () => act(() => send("POST", `${path}/hold`, { note: "from the dashboard" })) }, "Hold this node")];
    return el("div", {}, el("p", {}, ...line), note);
  }
  await refresh();
  return { title: name, refresh, close: () => plots.forEach((plot) => plot.destroy()) };
}

const state = (node) => Object.values(node.resources).map((offer) => offer.state)
  .sort((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0];
const ORDER = ["ok", "held", "fallback", "withdrawn", "expired"];

function chain(resource, offer) {
  const unit = RESOURCES[resource].unit;
  const steps = offer.reasons.map((reason) => el("li", {}, el("strong", {}, `${reason.guard}: `), reason.sentence, ` (${amount(reason.before, resource)} → ${amount(reason.after, resource)} ${unit})`));
  return el("section", {}, el("h3", {}, RESOURCES[resource].title),
    el("p", {}, `${offer.strategy} expects a demand of ${amount(offer.estimated, resource)} ${unit}.`),
    el("p", { class: "note" }, offer.explanation),
    steps.length ? el("ol", { class: "chain" }, ...steps) : el("p", {}, "No guard limits the offer."),
    el("p", {}, el("strong", {}, `Offered: ${amount(offer.free, resource)} ${unit} free.`)));
}

function inputs(node) {
  const { inputs: known, signals } = node;
  const facts = [["Samples", `${known.samples} of ${known.expected} (${percent(known.coverage)})`],
    ["Newest sample", `${length(known.age)} before the window's end`], ["Newest list of VMs", known.list_age === null ? "never" : `${length(known.list_age)} before the window's end`],
    ["VMs", known.vms === null ? "unknown" : `${known.vms}, ${known.vms_at_allocation} of them without samples`], ["Windows seen", String(known.windows)],
    ["Valid until", `${time(node.valid_until)} UTC`], ["Group", node.group]];
  for (const [resource, told] of Object.entries(signals)) for (const [name, value] of Object.entries(told)) facts.push([`${RESOURCES[resource].title}: ${name}`, value.toPrecision(3)]);
  return el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function draw(holder, resource, points) {
  const { scale } = RESOURCES[resource];
  const shadows = Object.keys(points.at(-1)?.demands ?? {});
  const column = (of) => points.map((point) => { const value = of(point); return value === null || value === undefined ? null : value / scale; });
  const lines = [["used", (p) => p.usage, { stroke: colour("used"), fill: `${colour("used")}22`, width: 1.5 }],
    ["demand", (p) => p.demand, { stroke: colour("demand"), width: 2 }], ["allocated", (p) => p.allocated, { stroke: colour("allocated"), width: 1 }],
    ["capacity", (p) => p.capacity, { stroke: colour("soft"), width: 1, dash: [6, 4] }], ["free", (p) => p.free, { stroke: colour("ok"), width: 1, dash: [2, 2] }],
    ...shadows.slice(1).map((name, at) => [name, (p) => p.demands[name], { stroke: SHADOWS[at % SHADOWS.length], width: 1, show: at < 1 }])];
  if (!points.length) { holder.append(el("p", { class: "note" }, "There is no window in this time.")); return { destroy() {} }; }
  const clock = (_, splits) => splits.map((at) => (at % 86400 ? time(at).slice(11, 16) : time(at).slice(5, 10)));
  const axis = { stroke: colour("soft"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("line") } };
  return new uPlot({
    width: Math.max(280, holder.clientWidth), height: 270, tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "UTC"),
    scales: { y: { range: (_, __, most) => [0, most * 1.05 || 1] } }, axes: [{ ...axis, values: clock, space: 60 }, { ...axis, size: 55 }],
    series: [{ value: (_, at) => (at ? `${time(at)} UTC` : "–") }, ...lines.map(([label, , look]) => ({ label, ...look, points: { show: points.length < 3 }, spanGaps: false, value: (_, v) => (v === null || v === undefined ? "–" : v.toPrecision(4)) }))],
  }, [points.map((point) => point.end), ...lines.map(([, of]) => column(of))], holder);
}
