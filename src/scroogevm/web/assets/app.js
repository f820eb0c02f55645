// Shows the page that the address names, and refreshes it after each window.

import { follow, get } from "./api.js";
import { el, time } from "./parts.js";

const PAGES = {
  fleet: () => import("./fleet.js"),
  node: () => import("./node.js"),
  ledger: () => import("./ledger.js"),
  "what-if": () => import("./what-if.js"),
  placement: () => import("./placement.js"),
  balloon: () => import("./balloon.js"),
  health: () => import("./health.js"),
};
const main = document.getElementById("main");
const events = [];
let current = null;

/** Show the page of the address. */
async function show() {
  const [name = "fleet", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const load = PAGES[name || "fleet"] || PAGES.fleet;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#/${name || "fleet"}` || (name === "node" && link.getAttribute("href") === "#/fleet");
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  const page = await load();
  current?.close?.();
  current = null;
  main.replaceChildren();
  const made = await guarded(() => page.open(main, rest, { events }));
  current = made;
  document.title = made?.title ? `${made.title} – ScroogeVM` : "ScroogeVM";
}

/** Run an action; show its error message on the page. */
async function guarded(action) {
  try {
    main.querySelector(":scope > .alert.failure")?.remove();
    return await action();
  } catch (error) {
    main.prepend(el("p", { class: "alert failure", role: "alert" }, error.message));
    return null;
  }
}

/** Link the pages of the optional parts that run. */
async function linkParts() {
  const { sinks, balloon } = await get("api/v1/health");
  document.getElementById("to-balloon").hidden = !balloon;
  document.getElementById("to-placement").hidden = !sinks.some((sink) => sink.name === "placement");
}

const live = document.getElementById("live");
const text = document.getElementById("live-text");
let said = "live";

follow({
  published: async ({ window_end: end }) => {
    said = `live, window ended ${time(end).slice(11)} UTC`;
    text.textContent = said;
    if (current?.refresh) await guarded(() => current.refresh());
    else await show();
  },
  happened: (event) => {
    events.unshift(event);
    events.length = Math.min(events.length, 200);
    current?.happened?.(event);
  },
  connected: (on) => {
    live.className = `live ${on ? "on" : "off"}`;
    text.textContent = on ? said : "no connection, trying again";
    if (on) guarded(linkParts);
  },
});
window.addEventListener("hashchange", () => show().then(() => { main.focus({ preventScroll: true }); scrollTo(0, 0); }));
show();
