(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { make, ink, shade, mark, table, words, kept } = verdictWindows;
  const byId = (id) => document.getElementById(id);
  if (!data.panels.length) return;
  byId("charts").hidden = false;
  const state = { panel: 0, resource: Object.keys(data.resources)[0], test: data.tests[0], pointed: null };
  const charts = new Map();
  const plain = (value) => (value == null ? "–" : Number(value.toPrecision(4)).toLocaleString("en"));
  const panel = () => data.panels[state.panel];
  const said = () => panel().said[state.resource];
  const wide = (row) => (row.length === 1 ? Array(panel().hours.length).fill(row[0]) : row);

  function point(i, scroll) {
    if (state.pointed === i) return;
    state.pointed = i;
    for (const chart of charts.values()) chart.redraw(false);
    for (const row of byId("windows").querySelectorAll("tr.pointed")) row.classList.remove("pointed");
    const told = byId("told");
    if (i == null) {
      told.textContent = "Point at a window to read the reason for its verdict.";
      return;
    }
    const before = kept(panel(), i).map((n) => panel().numbers[n]).reverse();
    told.textContent = words(panel(), said()[state.test], i) + (said()[state.test].said[i] === "0" ? "" : ` Compared with ${before.join(", ")}.`);
    const row = byId("windows").querySelector(`tr[data-window="${i}"]`);
    row.classList.add("pointed");
    if (scroll) {
      const box = byId("windows"), top = row.offsetTop;
      if (top < box.scrollTop + 40 || top + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 2;
    }
  }

  function follow(u) {
    const hour = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
    const i = hour == null ? -1 : panel().ends.findIndex((end, n) => hour > panel().begins[n] && hour <= end);
    if (u.over.matches(":hover")) point(i < 0 ? null : i, true);
  }

  const axis = () => ({ stroke: ink("--soft"), grid: { stroke: ink("--grid"), width: 1 },
    ticks: { stroke: ink("--line"), width: 1 }, font: "12px system-ui, sans-serif" });
  const x = () => ({ ...axis(), values: (_, ticks) => ticks.map((tick) => `${tick} h`) });
  const left = () => (data.tests.length > 1 && byId("charts").clientWidth > 600 ? 140 : 56);
  const common = () => ({ cursor: { sync: { key: "hours" }, y: false }, legend: { show: false } });
  const whole = () => [panel().begins[0], panel().ends[panel().ends.length - 1]];

  function usage() {
    const lines = panel().usage[state.resource];
    const none = { points: { show: false } };
    return new uPlot({
      ...common(), width: byId("usage").clientWidth, height: 340,
      series: [{}, { ...none, stroke: "transparent" }, { ...none, stroke: "transparent" }, { ...none, stroke: ink("--ink"), width: 1.3 }],
      bands: [{ series: [2, 1], fill: ink("--band") }],
      scales: { x: { time: false, range: ranged }, y: { range: (_, low, high) => low == null ? [0, 1] : uPlot.rangeNum(low, high, 0.1, true) } },
      axes: [x(), { ...axis(), size: left(), values: (_, ticks) => ticks.map(plain) }],
      hooks: {
        drawClear: [(u) => shade(u, panel(), said()[state.test].said, u.bbox.top, u.bbox.height, false)],
        draw: [(u) => mark(u, panel(), state.pointed)],
        setCursor: [follow], setScale: [(u, key) => key === "x" && together(u)],
      },
    }, [panel().hours, wide(lines.low), wide(lines.high), wide(lines.mean)], byId("usage"));
  }

  const ranged = (u, low, high) => (state.zoomed ? [low, high] : whole());

  function strips() {
    const tests = data.tests, high = 26;
    return new uPlot({
      ...common(), width: byId("strips").clientWidth, height: high * tests.length + 34,
      padding: [4, null, 0, null], series: [{}, { stroke: "transparent", points: { show: false } }],
      scales: { x: { time: false, range: ranged }, y: { range: [0, tests.length] } },
      axes: [x(), { ...axis(), size: left(), grid: { show: false }, ticks: { show: false },
        splits: tests.map((_, n) => tests.length - n - 0.5), values: () => tests.map((test) => test.length > 18 ? `${test.slice(0, 17)}…` : test) }],
      hooks: {
        drawClear: [(u) => tests.forEach((test, n) => {
          const row = u.bbox.height / tests.length;
          shade(u, panel(), said()[test].said, u.bbox.top + n * row + 2, row - 4, true);
        })],
        draw: [(u) => mark(u, panel(), state.pointed)],
        setCursor: [follow], setScale: [(u, key) => key === "x" && together(u)],
      },
    }, [panel().hours, panel().hours.map(() => null)], byId("strips"));
  }

  let following = false;
  function together(source) {
    if (following) return;
    following = true;
    const { min, max } = source.scales.x, [begin, end] = whole();
    state.zoomed = min > begin || max < end;
    for (const chart of charts.values()) if (chart !== source) chart.setScale("x", { min, max });
    following = false;
  }

  function drawAll() {
    const zoom = state.zoomed ? { ...charts.get("usage").scales.x } : null;
    state.pointed = undefined;
    following = true;
    for (const chart of charts.values()) chart.destroy();
    charts.clear();
    charts.set("usage", usage());
    if (data.tests.length > 1) charts.set("strips", strips());
    if (zoom) for (const chart of charts.values()) chart.setScale("x", { min: zoom.min, max: zoom.max });
    following = false;
    byId("unit").textContent = data.resources[state.resource].unit;
    table(byId("windows"), panel(), said()[state.test], data.resources[state.resource].unit, (i) => point(i, false));
    point(null);
    const calm = [...said()[state.test].said];
    const judged = calm.filter((code) => code !== "0").length, quiet = calm.filter((code) => code === "2").length;
    const where = panel().name;
    byId("usage").setAttribute("aria-label", `Usage of ${where}, ${data.resources[state.resource].title}, with the verdicts of ${state.test}: ${quiet} of ${judged} windows quiescent. They are listed in the table below.`);
  }

  function choice(place, names, current, choose) {
    const buttons = Object.entries(names).map(([key, title]) => {
      const button = make("button", title);
      button.type = "button";
      button.dataset.choice = key;
      button.setAttribute("aria-pressed", key === current);
      button.addEventListener("click", () => {
        choose(key);
        for (const other of buttons) other.setAttribute("aria-pressed", other === button);
        drawAll();
      });
      return button;
    });
    place.append(...buttons);
  }

  data.panels.forEach((one, at) => {
    const option = make("option", one.name);
    option.value = at;
    byId("panel").append(option);
  });
  byId("panel").addEventListener("change", (event) => {
    state.panel = Number(event.target.value);
    state.zoomed = false;
    drawAll();
  });
  const titles = Object.entries(data.resources).map(([name, about]) => [name, about.title]);
  choice(byId("resources"), Object.fromEntries(titles), state.resource, (key) => { state.resource = key; });
  choice(byId("tests"), Object.fromEntries(data.tests.map((test) => [test, test])), state.test, (key) => { state.test = key; });
  byId("tests").hidden = data.tests.length < 2;
  byId("every").hidden = data.tests.length < 2;
  byId("whole").addEventListener("click", () => {
    state.zoomed = false;
    drawAll();
  });
  const onPaper = (yes) => () => {
    document.documentElement.classList.toggle("paper", yes);
    drawAll();
  };
  addEventListener("beforeprint", onPaper(true));
  addEventListener("afterprint", onPaper(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  let width = byId("charts").clientWidth;
  new ResizeObserver(() => {
    if (byId("charts").clientWidth === width) return;
    width = byId("charts").clientWidth;
    for (const [id, chart] of charts) chart.setSize({ width: byId(id).clientWidth, height: chart.height });
  }).observe(byId("charts"));
  drawAll();
})();
