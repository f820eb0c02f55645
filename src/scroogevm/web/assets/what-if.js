// Shows on which nodes VMs of a given size fit, by the current offers.

import { get } from "./api.js";
import { amount, el } from "./parts.js";

export async function open(main) {
  const field = (name, value, least, step) => el("input", { type: "number", name, value, min: least, step, required: true, size: 8 });
  const [cpu, mem, count] = [field("cpu", 2, 0.1, "any"), field("mem", 4, 0.01, "any"), field("count", 10, 1, 1)];
  const answer = el("div", { "aria-live": "polite" });
  const form = el("form", { class: "toolbar", onsubmit: (event) => { event.preventDefault(); refresh(); } },
    el("label", {}, "VMs", count), el("label", {}, "of", cpu, "cores"), el("label", {}, "and", mem, "GiB"), el("button", { class: "main" }, "Place"));
  main.append(el("h1", {}, "What if"), el("p", { class: "note" }, "This shows which nodes have room for VMs of this size, and how much would be left. Nothing is placed."), form, answer);

  async function refresh() {
    if (!form.reportValidity()) return;
    const found = await get(`api/v1/fit?cpu=${cpu.value}&mem=${mem.value * 1024}&count=${count.value}`);
    const said = found.placed === found.count ? `All ${found.count} can be placed; there is room for ${found.room}.` : `Only ${found.placed} of ${found.count} can be placed.`;
    const rows = found.nodes.slice(0, 200);
    answer.replaceChildren(el("p", { class: found.placed === found.count ? "" : "alert" }, el("strong", {}, said)),
      el("div", { class: "scroll" }, el("table", {}, el("caption", {}, found.nodes.length ? `${found.nodes.length} nodes have room` : "No node has room"),
        el("thead", {}, el("tr", {}, ...["Node", "Room for VMs", "Placed here", "Cores left", "GiB left"].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, ...rows.map((node) => el("tr", {}, el("th", { scope: "row" }, el("a", { href: `#/node/${encodeURIComponent(node.node)}` }, node.node)), el("td", {}, String(node.vms)), el("td", {}, String(node.placed)), el("td", {}, amount(node.cpu_left, "cpu")), el("td", {}, amount(node.mem_left, "mem"))))))),
      ...(found.nodes.length > rows.length ? [el("p", { class: "note" }, `and ${found.nodes.length - rows.length} more nodes`)] : []));
  }
  await refresh();
  return { title: "What if", refresh };
}
