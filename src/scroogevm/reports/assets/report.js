(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const make = (tag, text) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const drawn = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  // A table sorts by the column whose heading is pressed; rows without a value stay at the end.
  for (const table of document.querySelectorAll("table.scores")) {
    table.querySelectorAll("thead button").forEach((button, column) => {
      button.addEventListener("click", () => {
        const heading = button.closest("th");
        const down = heading.getAttribute("aria-sort") === "ascending";
        for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const value = (row) => row.cells[column].dataset.value ?? "";
        const order = (a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          const sign = column === 0 ? x.localeCompare(y) : x - y;
          return down ? -sign : sign;
        };
        body.append(...[...body.rows].sort(order));
      });
    });
  }
  if (!data.panels.length) return;
  byId("charts").hidden = false;

  const state = { panel: 0, resource: Object.keys(data.resources)[0], shown: new Set(data.shown) };
  const names = data.strategies.map((strategy) => strategy.name);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let paper = false;
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const shade = (colour) => {
    if (!dark.matches || paper) return colour;
    const part = (at) => Math.round(parseInt(colour.slice(at, at + 2), 16) * 0.62 + 255 * 0.38);
    return `rgb(${part(1)}, ${part(3)}, ${part(5)})`;
  };
  const colourOf = (name) => shade(data.strategies.find((strategy) => strategy.name === name).colour);
  // Letters need more contrast than lines: mix in ink until the contrast is 4.5 : 1.
  const channels = (colour) => colour.startsWith("#") ?
    [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) : colour.match(/\d+/g).map(Number);
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0.05);
  function readable(colour) {
    const own = channels(colour), letters = channels(ink("--letters")), behind = light(channels(ink("--behind")));
    for (let part = 0; part < 1; part += 0.1) {
      const mixed = own.map((c, i) => Math.round(c * (1 - part) + letters[i] * part)), here = light(mixed);
      if (Math.max(here, behind) / Math.min(here, behind) >= 4.6) return `rgb(${mixed.join(", ")})`;
    }
    return ink("--ink");
  }
  const wide = (values, length) => (values.length === 1 ? Array(length).fill(values[0]) : values);
  const cumulated = (values, step) => {
    let sum = 0;
    return values.map((value) => (sum += (value ?? 0) * step));
  };

  // The numbers that each figure shows of a panel, over hours.
  const figures = {
    usage: (said) => said.demand,
    misprediction: (said) => said.misprediction,
    cumulated: (said, step) =>
      cumulated(said.misprediction.map((m, i) => (m ?? 0) + 2 * (said.violation[i] ?? 0)), step),
    violation: (said, step) => cumulated(said.violation, step),
    ratio: (said) => said.ratio,
  };
  const facts = [
    { name: "p99 of usage", of: "p99", fill: true },
    { name: "peak", of: "peak", width: 1 },
    { name: "allocated", of: "allocated", dash: [2, 3] },
    { name: "capacity", of: "capacity", width: 1.5 },
  ];
  const percent = (value) => (value == null ? "–" : `${(100 * value).toFixed(1)} %`);
  const plain = (value) => (value == null ? "–" : Number(value.toPrecision(4)).toLocaleString("en"));
  const charts = new Map();
  const whole = byId("charts").dataset.nodes === "1" ? "the node" : "all nodes";

  // Hours from the begin, or dates in UTC if the begin has a date.
  const date = (hour) => new Date((data.origin + 3600 * hour) * 1000).toISOString();
  const moment = (hour) =>
    data.origin == null ? plain(hour) : `${date(hour).slice(0, 16).replace("T", " ")} UTC`;
  const tickOf = (hour) => {
    const text = date(Math.round(60 * hour) / 60);
    return text.slice(11, 16) === "00:00" ? text.slice(5, 10) : text.slice(11, 16);
  };
  const times = data.origin == null ? { values: (_, ticks) => ticks.map((tick) => `${tick} h`) } : {
    incrs: [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 1344, 8736],
    splits: (_, axis, min, max, step) => {
      const first = Math.ceil((min + data.origin / 3600) / step) * step - data.origin / 3600;
      return Array.from({ length: Math.max(0, Math.floor((max - first) / step) + 1) }, (_, n) => first + n * step);
    },
    values: (_, ticks) => ticks.map(tickOf),
  };

  function series(id) {
    const lines = id !== "usage" ? [] : facts.map((fact) => ({
      label: fact.name, stroke: ink("--soft"), width: fact.width ?? 1, dash: fact.dash,
      fill: fact.fill ? ink("--area") : undefined, points: { show: false },
      value: (_, value) => plain(value),
    }));
    const hours = { label: data.origin == null ? "hour" : "time",
      value: (_, value) => (value == null ? "–" : moment(value)) };
    return [hours, ...lines, ...data.strategies.map((strategy) => ({
      label: strategy.name, stroke: shade(strategy.colour), dash: strategy.dash,
      width: strategy.star ? 2.5 : 1.6, show: state.shown.has(strategy.name), spanGaps: false,
      points: { show: false },
      value: (_, value) => (id === "misprediction" ? percent(value) : plain(value)),
    }))];
  }

  function values(id) {
    const panel = data.panels[state.panel];
    const length = panel.hours.length;
    const said = panel.said[state.resource] ?? {};
    const of = (strategy) => {
      if (!said[strategy]) return Array(length).fill(null);
      const whole = Object.fromEntries(
        Object.entries(said[strategy]).map(([name, row]) => [name, wide(row, length)]));
      return figures[id](whole, panel.step);
    };
    const lines = id !== "usage" ? [] :
      facts.map((fact) => wide(panel.usage[state.resource][fact.of], length));
    return [panel.hours, ...lines, ...names.map(of)];
  }

  function draw(id) {
    const place = byId(id);
    const zoom = charts.get(id)?.scales.x;
    charts.get(id)?.destroy();
    const axis = { stroke: ink("--soft"), grid: { stroke: ink("--grid"), width: 1 },
      ticks: { stroke: ink("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const share = id === "misprediction", tall = id === "usage" ? 340 : 260;
    const scale = brokenAxis.scale((u, low, high) => span(id, u, low, high));
    const breaks = (u) => brokenAxis.show(u, scale, ink("--soft"), ink("--paper"));
    const chart = new uPlot({
      width: place.clientWidth, height: tall,
      series: series(id), cursor: { sync: { key: "hours" }, focus: { prox: 24 } }, focus: { alpha: 0.35 },
      scales: { x: { time: false }, y: scale.options },
      axes: [
        { ...axis, ...times },
        { ...axis, size: 64, filter: (_, splits) => splits, splits: () => brokenAxis.marks(scale, ticks, tall - 80), values: (_, ticks) => ticks.map(share ? (t) => `${Number((100 * t).toPrecision(3))} %` : plain),
          label: id === "usage" ? data.resources[state.resource].unit : undefined, labelSize: 20 },
      ],
      hooks: { setScale: [(u, key) => key === "x" && together(u)],
        draw: [breaks, (u) => id === "usage" && (sayAbove(scale.now.knee != null), verdictsBelow(u))] },
      legend: { live: true },
    }, values(id), place);
    charts.set(id, chart);
    if (zoom && zoom.min != null && state.zoomed) chart.setScale("x", { min: zoom.min, max: zoom.max });
    describe(id);
  }

  // Verdicts of the chosen strategy on the windows of a node; null for all nodes together.
  function verdictsHere() {
    const panel = data.panels[state.panel], found = panel.verdicts[state.resource];
    const said = found?.[state.asking];
    if (!said) return null;
    const { ends, first: number } = panel, first = ends.length > 1 ? 2 * ends[0] - ends[1] : 0;
    return { said, panel: { ends, begins: [Math.max(0, first), ...ends.slice(0, -1)], numbers: ends.map((_, i) => number + i), kept: 0 } };
  }

  function verdictsBelow(u) {
    const here = verdictsHere(), high = 7 * devicePixelRatio;
    if (!here) return;
    verdictWindows.shade(u, here.panel, here.said.said, u.bbox.top + u.bbox.height - high, high, true);
    verdictWindows.mark(u, here.panel, state.pointed);
  }

  function listVerdicts() {
    if (!byId("verdicts")) return;
    const here = verdictsHere();
    state.pointed = null;
    byId("windows").hidden = !here;
    byId("whose").textContent = here ?
      `${data.resources[state.resource].title} of ${data.panels[state.panel].name || whole}, by the test of ${state.asking}.` :
      "Choose a node above to see its windows one by one.";
    if (here) verdictWindows.table(byId("windows"), here.panel, here.said, data.resources[state.resource].unit, (i) => {
      state.pointed = i;
      charts.get("usage").redraw(false);
    });
  }

  // The range of the axis of a figure, and the value above which the axis may break.
  function span(id, u, low, high) {
    if (low == null) return [0, null, 1];
    const [from, to] = u.series[0].idxs, part = (row, length) => wide(row, length).slice(from, to + 1);
    const panel = data.panels[state.panel], length = panel.hours.length, usage = panel.usage[state.resource];
    const [peak, allocated, capacity] = ["peak", "allocated", "capacity"].map((name) => part(usage[name], length));
    const shown = names.filter((name) => state.shown.has(name) && panel.said[state.resource]?.[name]);
    const lines = shown.map((name) => part(u.data[1 + (id === "usage" ? facts.length : 0) + names.indexOf(name)], length));
    const demands = shown.map((name) => part(panel.said[state.resource][name].demand, length));
    const little = demands.map((demand) => brokenAxis.freesLittle(demand, peak, allocated));
    let knee = null;
    if (id === "usage") {
      const close = demands.map((demand, n) => demand.filter((_, i) => !little[n][i]));
      knee = 1.06 * brokenAxis.largest([peak, ...close].flat());
      high = brokenAxis.largest([peak, allocated, ...demands].flat());
      const most = brokenAxis.largest(capacity), above = most > 1.3 * high && high > 0;
      high = (above ? high : Math.max(high, most)) || 1;
      state.words = { allocated, capacity: most, above };
    } else if (id === "misprediction") {
      knee = 1.06 * brokenAxis.largest(lines.flatMap((line, n) => line.filter((_, i) => !little[n][i])));
      [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    } else if (id === "cumulated") {
      const mostly = (marks) => marks.filter(Boolean).length > marks.length / 2;
      knee = 1.06 * brokenAxis.largest(lines.filter((_, n) => !mostly(little[n])).flat());
    }
    if (id !== "ratio") low = Math.min(low, 0);
    const room = (high - low || 1) * 0.06, below = brokenAxis.breaks(low, knee, high) ? (knee - low) * 0.06 : room;
    return [low < 0 || id === "ratio" ? low - below : low, knee, high + room];
  }

  // Writes the caption of the figure of usage: what lies above the break, or above the top.
  function sayAbove(broken) {
    if (!state.words) return;
    const { allocated, capacity, above } = state.words, unit = data.resources[state.resource].unit;
    const known = allocated.filter((value) => value != null);
    const [least, most] = [Math.min(...known), Math.max(...known)].map(plain);
    const promised = known.length ? ` VMs were allocated ${least === most ? most : `${least} to ${most}`} ${unit}.` : "";
    document.querySelector(".above").textContent =
      (broken ? `The axis is compressed above the dashed line.${promised}` : "") +
      (above ? ` The capacity, ${plain(capacity)} ${unit}, lies above the figure.` : "");
  }

  let following = false;
  function together(source) {
    if (following) return;
    following = true;
    const { min, max } = source.scales.x;
    const hours = data.panels[state.panel].hours;
    state.zoomed = min > hours[0] || max < hours[hours.length - 1];
    for (const chart of charts.values()) if (chart !== source) chart.setScale("x", { min, max });
    following = false;
  }

  function describe(id) {
    const where = data.panels[state.panel].name || whole;
    const what = byId(id).closest("figure").querySelector("h3").textContent;
    const shown = names.filter((name) => state.shown.has(name)).join(", ") || "no strategy";
    byId(id).setAttribute("aria-label",
      `${what}, ${data.resources[state.resource].title}, ${where}: ${shown}. The scores are in the table above.`);
  }

  function ticks(low, high, about = 5) {
    const rough = (high - low) / about, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((nice) => nice * power >= rough);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(Number((i * step).toPrecision(12)));
    return found;
  }

  function frontier() {
    const points = data.scores[state.resource].filter((score) => state.shown.has(score.strategy));
    const left = frontierChart(byId("frontier"), points, { ink, colour: colourOf, readable, ticks });
    document.querySelector(".unnamed").textContent = left.length ? `There was no room for the names of ${left.join(", ")}.` : "";
    describe("frontier");
  }

  function drawAll() {
    for (const id of Object.keys(figures)) draw(id);
    frontier();
    askedAndGot();
    listVerdicts();
    explain();
  }

  function askedAndGot() {
    if (byId("asked")) askedCharts(data.asked[state.resource] ?? [], state.shown, colourOf, readable);
  }

  // Lists the reasons that strategies give for the last demands on a node.
  function explain() {
    const panel = data.panels[state.panel], said = Object.entries(panel.why[state.resource] ?? {});
    byId("why").hidden = !said.length;
    byId("reasons").replaceChildren(...said.flatMap(([name, rows]) => rows.map(([hour, words]) => {
      const row = make("tr"), end = make("th", data.origin == null ? `${moment(hour)} h` : moment(hour));
      end.scope = "row";
      const [who, why] = [make("td", name), make("td", words)];
      who.dataset.name = "strategy";
      row.append(end, who, why);
      return row;
    })));
  }

  function chip(strategy) {
    const button = make("button");
    const key = drawn("svg", { width: 22, height: 8, "aria-hidden": "true" });
    const line = drawn("line", { x1: 0, x2: 22, y1: 4, y2: 4, "stroke-width": 3, "stroke-dasharray": strategy.dash.join(" ") });
    key.append(line);
    button.append(key, make("span", strategy.name));
    button.type = "button";
    button.dataset.strategy = strategy.name;
    const paint = () => {
      line.setAttribute("stroke", shade(strategy.colour));
      button.setAttribute("aria-pressed", state.shown.has(strategy.name));
    };
    button.addEventListener("click", () => {
      if (!state.shown.delete(strategy.name)) state.shown.add(strategy.name);
      paint();
      for (const id of charts.keys()) draw(id);
      frontier();
      askedAndGot();
    });
    paint();
    return { button, paint };
  }

  const chips = data.strategies.map(chip);
  byId("strategies").append(...chips.map((one) => one.button));
  const all = make("button", "all / none");
  all.type = "button";
  all.addEventListener("click", () => {
    state.shown = new Set(state.shown.size === names.length ? [] : names);
    for (const one of chips) one.paint();
    drawAll();
  });
  byId("strategies").append(all);

  const asking = [...new Set(data.panels.flatMap((panel) => Object.values(panel.verdicts).flatMap(Object.keys)))];
  if (asking.length) {
    state.asking = asking[0];
    byId("verdicts").hidden = false;
    byId("asking").append(...asking.map((name) => {
      const button = make("button", name);
      button.type = "button";
      button.setAttribute("aria-pressed", name === state.asking);
      button.addEventListener("click", () => {
        state.asking = name;
        for (const other of byId("asking").children) other.setAttribute("aria-pressed", other === button);
        drawAll();
      });
      return button;
    }));
  }

  data.panels.forEach((panel, at) => {
    const option = make("option", panel.name || whole);
    option.value = at;
    byId("panel").append(option);
  });
  const sums = document.querySelector(".sums");
  const alone = byId("charts").dataset.nodes === "1";
  byId("panel").parentElement.hidden = data.panels.length === 1;
  sums.hidden = alone;
  byId("panel").addEventListener("change", (event) => {
    state.panel = Number(event.target.value);
    state.zoomed = false;
    sums.hidden = alone || data.panels[state.panel].name !== "";
    drawAll();
  });
  for (const [resource, about] of Object.entries(data.resources)) {
    const button = make("button", about.title);
    button.type = "button";
    button.dataset.resource = resource;
    button.setAttribute("aria-pressed", resource === state.resource);
    button.addEventListener("click", () => {
      state.resource = resource;
      for (const other of byId("resources").children) other.setAttribute("aria-pressed", other === button);
      drawAll();
    });
    byId("resources").append(button);
  }
  byId("whole").addEventListener("click", () => {
    const hours = data.panels[state.panel].hours;
    charts.get("usage").setScale("x", { min: hours[0], max: hours[hours.length - 1] });
  });

  const repaint = () => {
    for (const one of chips) one.paint();
    drawAll();
  };
  const onPaper = (yes) => () => {
    paper = yes;
    document.documentElement.classList.toggle("paper", yes);
    repaint();
  };
  addEventListener("beforeprint", onPaper(true));
  addEventListener("afterprint", onPaper(false));
  dark.addEventListener("change", repaint);
  let width = byId("charts").clientWidth;
  new ResizeObserver(() => {
    if (byId("charts").clientWidth === width) return;
    width = byId("charts").clientWidth;
    for (const [id, chart] of charts) chart.setSize({ width: byId(id).clientWidth, height: chart.height });
    frontier();
    askedAndGot();
  }).observe(byId("charts"));
  drawAll();
})();
