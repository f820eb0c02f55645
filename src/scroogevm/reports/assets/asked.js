"use strict";
// Rates that strategies were asked for beside those that came: five small charts, drawn by hand.
const askedCharts = (() => {
  const drawn = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
  const height = 220, room = { left: 52, right: 22, top: 12, bottom: 26 };

  // An empty chart: marks are [position from 0 to 1, text] on each axis.
  function frame(id, across, up) {
    const place = document.getElementById(id), width = place.clientWidth;
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    const x = (v) => room.left + v * (width - room.left - room.right);
    const y = (v) => height - room.bottom - v * (height - room.top - room.bottom);
    const write = (text, at, anchor) => {
      const node = drawn("text", { ...at, "text-anchor": anchor });
      node.textContent = text;
      svg.append(node);
      return node;
    };
    for (const [v, text] of up) {
      svg.append(drawn("line", { x1: room.left, x2: width - room.right, y1: y(v), y2: y(v), stroke: ink("--grid") }));
      write(text, { x: room.left - 8, y: y(v) + 4 }, "end");
    }
    let free = -Infinity;
    for (const [v, text] of across) {
      const half = 3.6 * text.length;
      if (x(v) - half < free) continue;
      write(text, { x: x(v), y: height - room.bottom + 18 }, "middle");
      free = x(v) + half + 4;
    }
    place.replaceChildren(svg);
    const line = (points, colour, more = {}) => svg.append(drawn("polyline", {
      points: points.map(([px, py]) => `${x(px)},${y(py)}`).join(" "), fill: "none", stroke: colour, "stroke-width": 1.8, ...more }));
    const dot = ([px, py], colour, title) => {
      const node = drawn("circle", { cx: x(px), cy: y(py), r: 4, fill: colour });
      const words = drawn("title", {});
      words.textContent = title;
      node.append(words);
      svg.append(node);
    };
    const names = (points) => namesBeside(svg, points.map(({ at: [px, py], ...point }) => ({ ...point, x: x(px), y: y(py) })),
      { write, drawn, taken: [], frame: [room.left, 0, width, height - room.bottom] });
    const say = (text) => place.setAttribute("aria-label", text);
    return { line, dot, names, say };
  }

  function reliability(rows, colour, readable) {
    const rates = rows.flatMap((row) => [row.asked, row.got]).filter((rate) => rate > 0);
    const low = Math.log(Math.min(0.005, ...rates) * 0.5), high = Math.log(Math.max(0.2, ...rates) * 1.2);
    const at = (rate) => Math.max(0, (Math.log(Math.max(rate, 1e-9)) - low) / (high - low));
    const marks = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
      .filter((rate) => Math.log(rate) >= low && Math.log(rate) <= high).map((rate) => [at(rate), percent(rate)]);
    const none = rows.some((row) => row.got === 0) ? [[0, "0 %"]] : [];
    const chart = frame("asked-got", marks, [...none, ...marks]);
    chart.line([[0, 0], [1, 1]], ink("--soft"), { "stroke-dasharray": "5 4", "stroke-width": 1 });
    for (const row of rows) {
      chart.dot([at(row.asked), at(row.got)], colour(row.strategy), `${row.strategy}: requested ${percent(row.asked)}, measured ${percent(row.got)}`);
    }
    chart.names(rows.map((row) => ({ at: [at(row.asked), at(row.got)], text: row.strategy, colour: readable(colour(row.strategy)) })));
    chart.say(rows.map((row) => `${row.strategy}: requested ${percent(row.asked)}, measured ${percent(row.got)}`).join("; "));
  }

  // Curves of rates over positions from 0 to 1, and what was asked as a dashed line.
  function curves(id, rows, colour, points, across, what) {
    const all = rows.map(points);
    // One place on the axis is no curve.
    const figure = document.getElementById(id).closest("figure");
    figure.hidden = rows.length > 0 && all.every((curve) => curve.length < 2);
    if (figure.hidden) return;
    const top = 1.1 * Math.max(0.001, ...rows.map((row) => row.asked), ...all.flat().map(([, rate]) => rate));
    const step = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((nice) => top / nice <= 6) ?? 1;
    const up = [];
    for (let n = 0; n * step <= top; n++) up.push([(n * step) / top, percent(n * step)]);
    const chart = frame(id, across, up);
    rows.forEach((row, n) => {
      const here = all[n].map(([v, rate]) => [v, rate / top]);
      chart.line([[0, row.asked / top], [1, row.asked / top]], colour(row.strategy), { "stroke-dasharray": "5 4", "stroke-width": 1 });
      chart.line(here, colour(row.strategy));
      if (here.length <= 24) here.forEach((point, i) => chart.dot(point, colour(row.strategy), `${row.strategy}: ${percent(all[n][i][1])}`));
    });
    chart.say(`Measured rate ${what}: ${rows.map((row) => `${row.strategy}, requested ${percent(row.asked)}`).join("; ")}`);
  }

  return (rows, shown, colour, readable) => {
    reliability(rows, colour, readable);
    const some = rows.filter((row) => shown.has(row.strategy));
    const along = (values, low, high) => values.map(([value, rate]) => [high > low ? (Number(value) - low) / (high - low) : 0.5, rate]);
    const marks = (values, low, high) => values.map((value) => [high > low ? (value - low) / (high - low) : 0.5, `${value}`]);
    curves("asked-node", some, colour, (row) =>
      row.node.map((rate, i) => [row.node.length > 1 ? i / (row.node.length - 1) : 0.5, rate]),
    [0, 0.25, 0.5, 0.75, 1].map((share) => [share, percent(share)]), "by node");
    curves("asked-hour", some, colour, (row) => along(row.hour, 0, 23), marks([0, 6, 12, 18, 23], 0, 23), "by hour of the day");
    const last = Math.max(0, ...some.flatMap((row) => row.day.map(([day]) => Number(day))));
    const days = [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * last)))];
    curves("asked-day", some, colour, (row) => along(row.day, 0, last), marks(days, 0, last), "by day");
    const ages = ["0", "1", "2-3", "4-7", "8+"];
    curves("asked-arrival", some, colour, (row) => row.arrival.map(([age, rate]) => [ages.indexOf(age) / 4, rate]),
      ages.map((age, i) => [i / 4, age]), "by windows since a VM arrived");
  };
})();
