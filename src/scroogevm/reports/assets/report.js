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

  // Tables sort by the column whose heading is pressed; what is missing stays below.
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
  const wide = (values, length) => (values.length === 1 ? Array(length).fill(values[0]) : values);
  const cumulated = (values, step) => {
    let sum = 0;
    return values.map((value) => (sum += (value ?? 0) * step));
  };

  // What each figure shows of a panel: series of numbers over hours.
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

  // Hours from the begin, or dates in UTC where the begin has one.
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
    const share = id === "misprediction";
    const chart = new uPlot({
      width: place.clientWidth, height: id === "usage" ? 340 : 260,
      series: series(id), cursor: { sync: { key: "hours" }, focus: { prox: 24 } }, focus: { alpha: 0.35 },
      scales: { x: { time: false }, y: { range: (_, low, high) => span(id, low, high) } },
      axes: [
        { ...axis, ...times },
        { ...axis, size: 64, values: (_, ticks) => ticks.map(share ? (t) => `${Math.round(100 * t)} %` : plain),
          label: id === "usage" ? data.resources[state.resource].unit : undefined, labelSize: 20 },
      ],
      hooks: { setScale: [(u, key) => key === "x" && together(u)], draw: [(u) => id === "usage" && verdictsBelow(u)] },
      legend: { live: true },
    }, values(id), place);
    charts.set(id, chart);
    if (zoom && zoom.min != null && state.zoomed) chart.setScale("x", { min: zoom.min, max: zoom.max });
    describe(id);
  }

  // Verdicts on the windows of a node, by the strategy that was chosen: null of all nodes together.
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
      `${data.resources[state.resource].title} of ${data.panels[state.panel].name || "the node"}, by the test of ${state.asking}.` :
      "Choose a node above to see its windows one by one.";
    if (here) verdictWindows.table(byId("windows"), here.panel, here.said, data.resources[state.resource].unit, (i) => {
      state.pointed = i;
      charts.get("usage").redraw(false);
    });
  }

  // Where capacity lies far above everything else, the figure ends below it and says so.
  function ceiling() {
    const panel = data.panels[state.panel], usage = panel.usage[state.resource];
    const said = Object.entries(panel.said[state.resource] ?? {});
    const shown = said.filter(([name]) => state.shown.has(name)).map(([, rows]) => rows.demand);
    const top = Math.max(0, ...[usage.peak, usage.allocated, ...shown].flat());
    const capacity = Math.max(0, ...usage.capacity);
    const above = capacity > 1.3 * top && top > 0;
    document.querySelector(".above").textContent = above ?
      `Capacity, ${plain(capacity)} ${data.resources[state.resource].unit}, lies above the top.` : "";
    return above ? top : Infinity;
  }

  function span(id, low, high) {
    if (low == null) return [0, 1];
    if (id === "usage") high = Math.min(high, ceiling());
    if (id === "misprediction") [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    else if (id !== "ratio") low = Math.min(low, 0);
    const room = (high - low || 1) * 0.06;
    return [low < 0 || id === "ratio" ? low - room : low, high + room];
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
    const where = data.panels[state.panel].name || "all nodes";
    const what = byId(id).closest("figure").querySelector("h3").textContent;
    const shown = names.filter((name) => state.shown.has(name)).join(", ") || "no strategy";
    byId(id).setAttribute("aria-label",
      `${what}, ${data.resources[state.resource].title}, ${where}: ${shown}. The scores are in the table above.`);
  }

  const whole = (share) => `${Number((100 * share).toPrecision(3))} %`;
  function ticks(low, high) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((nice) => nice * power >= rough);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
    return found;
  }

  // The frontier is a handful of points: drawn by hand, labels kept apart.
  function frontier() {
    const place = byId("frontier");
    const [width, height] = [place.clientWidth, 290];
    const room = { left: 52, right: 14, top: 12, bottom: 40 };
    const points = data.scores[state.resource].filter((score) => state.shown.has(score.strategy));
    const ys = points.map((p) => p.violation_rate), xs = points.map((p) => p.savings);
    const [x0, x1] = [Math.min(0, ...xs), Math.max(0.1, ...xs) * 1.02];
    const y1 = Math.max(0.05, ...ys) * 1.05;
    const x = (v) => room.left + ((v - x0) / (x1 - x0)) * (width - room.left - room.right);
    const y = (v) => height - room.bottom - (v / y1) * (height - room.top - room.bottom);
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    const write = (text, at, anchor) => {
      const node = drawn("text", { ...at, "text-anchor": anchor });
      node.textContent = text;
      svg.append(node);
      return node;
    };
    for (const v of ticks(0, y1)) {
      svg.append(drawn("line", { x1: room.left, x2: width - room.right, y1: y(v), y2: y(v), stroke: ink("--grid") }));
      write(whole(v), { x: room.left - 8, y: y(v) + 4 }, "end");
    }
    for (const v of ticks(x0, x1)) write(whole(v), { x: x(v), y: height - room.bottom + 18 }, "middle");
    write("savings →", { x: width - room.right, y: height - 4 }, "end");
    write("violation rate", { x: room.left + 6, y: room.top + 2 }, "start");
    let best = Infinity;
    const edge = points.filter((p) => !p.looks_ahead)
      .sort((a, b) => b.savings - a.savings || a.violation_rate - b.violation_rate)
      .filter((p) => p.violation_rate < best && ((best = p.violation_rate), true)).reverse();
    let path = "";
    edge.forEach((p, i) => {
      path += i ? `H${x(p.savings)}V${y(p.violation_rate)}` : `M${x(p.savings)} ${y(p.violation_rate)}`;
    });
    if (path) svg.append(drawn("path", { d: path, fill: "none", stroke: ink("--line"), "stroke-width": 3 }));
    place.replaceChildren(svg);
    const taken = points.map((p) => [x(p.savings) - 7, y(p.violation_rate) - 7, x(p.savings) + 7, y(p.violation_rate) + 7]);
    for (const p of points) {
      const [px, py] = [x(p.savings), y(p.violation_rate)];
      const colour = shade(data.strategies.find((strategy) => strategy.name === p.strategy).colour);
      svg.append(drawn("circle", { cx: px, cy: py, r: 5.5, stroke: colour, "stroke-width": 2, fill: p.looks_ahead ? "none" : colour }));
      label(svg, write, p.strategy, px, py, colour, taken, [room.left, room.top, width, height - room.bottom]);
    }
    describe("frontier");
  }

  function label(svg, write, text, px, py, colour, taken, frame) {
    const node = write(text.length > 28 ? `${text.slice(0, 27)}…` : text, { x: px, y: py }, "start");
    node.style.fill = colour;
    const size = node.getBBox();
    const places = [];
    for (const reach of [10, 26, 48]) for (const lift of [0, -14, 14, -28, 28, -46, -64, -84, -104, -130]) {
      places.push([reach, lift], [-reach - size.width, lift]);
    }
    places.sort((a, b) => Math.abs(a[1]) + Math.abs(a[0] + size.width / 2) - Math.abs(b[1]) - Math.abs(b[0] + size.width / 2));
    for (const [dx, dy] of places) {
      const box = [px + dx, py + dy - 8, px + dx + size.width, py + dy + 6];
      const inside = box[0] >= frame[0] && box[1] >= frame[1] && box[2] <= frame[2] && box[3] <= frame[3];
      if (!inside || taken.some((t) => box[0] < t[2] && t[0] < box[2] && box[1] < t[3] && t[1] < box[3])) continue;
      taken.push(box);
      node.setAttribute("x", box[0]);
      node.setAttribute("y", py + dy + 4);
      if (Math.abs(dy) > 8) svg.append(drawn("line", { x1: px, y1: py, x2: dx > 0 ? box[0] : box[2], y2: py + dy, stroke: colour, "stroke-width": 0.6 }));
      return;
    }
    node.remove(); // no room: the point keeps its colour, the table its name
  }

  function drawAll() {
    for (const id of Object.keys(figures)) draw(id);
    frontier();
    askedAndGot();
    listVerdicts();
    explain();
  }

  function askedAndGot() {
    if (byId("asked")) askedCharts(data.asked[state.resource] ?? [], state.shown, (name) =>
      shade(data.strategies.find((strategy) => strategy.name === name).colour));
  }

  // Why the last demands on a node are what they are, in the words of its strategies.
  function explain() {
    const panel = data.panels[state.panel], said = Object.entries(panel.why[state.resource] ?? {});
    byId("why").hidden = !said.length;
    byId("reasons").replaceChildren(...said.flatMap(([name, rows]) => rows.map(([hour, words]) => {
      const row = make("tr"), end = make("th", moment(hour));
      end.scope = "row";
      row.append(end, make("td", name), make("td", words));
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
      for (const [id, chart] of charts) {
        chart.setSeries(names.indexOf(strategy.name) + (id === "usage" ? facts.length : 0) + 1, { show: state.shown.has(strategy.name) });
        describe(id);
      }
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
    const option = make("option", panel.name || "all nodes");
    option.value = at;
    byId("panel").append(option);
  });
  const sums = document.querySelector(".sums");
  byId("panel").addEventListener("change", (event) => {
    state.panel = Number(event.target.value);
    state.zoomed = false;
    sums.hidden = data.panels[state.panel].name !== "";
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
