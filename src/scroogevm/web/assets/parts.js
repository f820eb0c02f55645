// Elements, formatted numbers, and the bar that shows one resource of a node.

/** An element with attributes and children; text is never read as HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const RESOURCES = {
  cpu: { title: "CPU", unit: "cores", scale: 1 },
  mem: { title: "Memory", unit: "GiB", scale: 1024 },
};

/** An amount of a resource, in the unit that is shown. */
export function amount(value, resource, digits = 3) {
  if (value === null || value === undefined) return "–";
  const shown = value / RESOURCES[resource].scale;
  return shown.toLocaleString("en", { maximumSignificantDigits: shown >= 1000 ? 4 : digits });
}

export const percent = (share) =>
  share === null || share === undefined ? "–" : `${(100 * share).toLocaleString("en", { maximumSignificantDigits: 3 })} %`;

export function time(seconds) {
  if (!seconds) return "–";
  return new Date(1000 * seconds).toISOString().replace("T", " ").slice(0, 19);
}

/** A duration, in the largest unit that fits. */
export function length(seconds) {
  if (seconds === null || seconds === undefined) return "never";
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${Math.round(seconds)} s`;
}

export const badge = (state) => el("span", { class: `badge ${state}` }, state);

/** A bar: the track is the capacity; it shows used, demand, allocated and free. */
export function bar({ capacity, allocated, usage, demand, free }, resource) {
  const full = Math.max(capacity || 0, allocated || 0) || 1;
  const at = (value) => `${Math.min(100, (100 * Math.max(0, value || 0)) / full)}%`;
  const said = `${RESOURCES[resource].title}: ${amount(usage, resource)} used, ${amount(demand, resource)} demand, ` +
    `${amount(allocated, resource)} allocated, ${amount(free, resource)} free of ${amount(capacity, resource)} ${RESOURCES[resource].unit}`;
  const made = el("div", { class: "bar", role: "img", "aria-label": said, title: said });
  const part = (name, left, width) => {
    const one = el("span", { class: name });
    if (left !== null) one.style.left = left;
    if (width !== null) one.style.width = width;
    made.append(one);
  };
  part("track", null, at(capacity));
  part("free", at(demand), at(free));
  part("used", null, at(usage));
  if (demand !== null) part("demand", `min(${at(demand)}, calc(100% - 3px))`, null);
  if (allocated !== null) part("allocated", `min(${at(allocated)}, calc(100% - 2px))`, null);
  return made;
}

export const legend = () =>
  el("ul", { class: "legend" },
    ...[["used", "used (percentile 99)"], ["demand", "demand: usage expected in the next window"], ["free", "free for further VMs"],
      ["allocated", "allocated to VMs"], ["track", "capacity"]].map(([name, text]) =>
      el("li", {}, el("i", { class: `l-${name}`, "aria-hidden": "true" }), text)));
