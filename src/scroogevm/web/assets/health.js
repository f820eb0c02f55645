// The state of the service, the nodes whose telemetry is incomplete, and the last events.

import { get } from "./api.js";
import { badge, el, length, percent, time } from "./parts.js";

const MOST = 300;

export async function open(main, _, { events }) {
  const [service, telemetry, list] = [el("div"), el("div"), el("ul", { class: "events" })];
  main.append(el("h1", {}, "Health"), service, el("h2", {}, "Telemetry"), telemetry, el("h2", {}, "Events"), list);

  async function refresh() {
    const health = await get("api/v1/health");
    const facts = [["Offers", health.ready ? "up to date" : "out of date: do not use them"], ["Newest window", `${time(health.window_end)} UTC`], ["Lag", length(health.lag)],
      ...Object.entries(health.phases).map(([name, seconds]) => [`Time to ${name}`, `${seconds.toFixed(3)} s`]), ["Late samples", String(health.late)], ["Journal", `${(health.journal_bytes / 2 ** 20).toFixed(1)} MiB`],
      ...health.sinks.map((sink) => [sink.name, sink.trouble || `${sink.sent} sent, ${sink.failures} failures`])];
    service.replaceChildren(...(health.trouble ? [el("p", { class: "alert", role: "alert" }, health.trouble)] : []), el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
    const lacking = [];
    for (let cursor = ""; cursor !== null && lacking.length <= MOST;) {
      const page = await get(`api/v1/nodes?limit=1000${cursor ? `&cursor=${cursor}` : ""}`);
      lacking.push(...page.nodes.map((node) => [node, lacks(node)]).filter(([, what]) => what.length));
      cursor = page.next;
    }
    telemetry.replaceChildren(lacking.length ? table(lacking.slice(0, MOST)) : el("p", {}, "Every node sends all the data that an offer needs."),
      ...(lacking.length > MOST ? [el("p", { class: "note" }, `and at least ${lacking.length - MOST} more nodes`)] : []));
    show();
  }

  function show() {
    list.replaceChildren(...(events.length ? events.map((event) => el("li", {}, el("time", {}, `${time(event.time)} UTC`), el("span", {}, event.text))) : [el("li", {}, "There are no events yet.")]));
  }
  await refresh();
  return { title: "Health", refresh, happened: show };
}

/** The data that an offer of the node needs, and that is missing. */
function lacks(node) {
  const { inputs } = node;
  const found = [];
  if (inputs.samples === 0) found.push(`no sample for ${length(inputs.age)}`);
  else if (inputs.coverage < 0.5) found.push(`only ${percent(inputs.coverage)} of the samples`);
  if (inputs.list_age === null) found.push("VMs were never listed");
  else if (inputs.list_age > 60 && inputs.samples) found.push(`VMs were not listed for ${length(inputs.list_age)}`);
  if (inputs.vms_at_allocation && inputs.samples) found.push(`${inputs.vms_at_allocation} VMs without samples`);
  return found;
}

const table = (rows) => el("div", { class: "scroll" }, el("table", {}, el("caption", {}, "Nodes with missing data"),
  el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Node"), el("th", { scope: "col", class: "text" }, "State"), el("th", { scope: "col", class: "text" }, "Missing data"), el("th", { scope: "col" }, "Since"))),
  el("tbody", {}, ...rows.map(([node, what]) => {
    const offer = Object.values(node.resources)[0];
    return el("tr", {}, el("th", { scope: "row" }, el("a", { href: `#/node/${encodeURIComponent(node.node)}` }, node.node)), el("td", { class: "text" }, badge(offer.state)), el("td", { class: "text" }, what.join("; ")), el("td", {}, time(offer.since)));
  }))));
