"use strict";
// Savings against violations: a handful of points, drawn by hand, each with its name.
const frontierChart = (() => {
  const drawn = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
  const room = { left: 52, right: 14, top: 20, bottom: 40, below: 16 };

  const rates = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0];

  // Points that none is better than in both, from the least savings on.
  function undominated(points) {
    let least = Infinity;
    return points.filter((p) => !p.looks_ahead)
      .sort((a, b) => b.savings - a.savings || a.violation_rate - b.violation_rate)
      .filter((p) => p.violation_rate < least && ((least = p.violation_rate), true)).reverse();
  }

  // Draws scores of strategies; returns the names that found no room.
  return (place, points, { ink, colour, readable, ticks }) => {
    const width = place.clientWidth, height = 290 + 8 * Math.max(0, points.length - 8);
    const ys = points.map((p) => p.violation_rate), xs = points.map((p) => p.savings);
    const most = Math.max(0.02, ...xs), few = Math.min(most, ...xs), spread = Math.max(0.05, most - few);
    const x0 = few < 0 ? few - 0.1 * spread : Math.max(0, few - 0.25 * spread), x1 = most + 0.04 * spread;
    const y1 = Math.max(0.01, ...ys) * 1.08;
    const floor = height - room.bottom - room.below;
    const x = (v) => room.left + 8 + ((v - x0) / (x1 - x0)) * (width - room.left - 8 - room.right);
    const y = (v) => floor - Math.sqrt(v / y1) * (floor - room.top);
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    place.replaceChildren(svg);
    const write = (text, at, anchor) => {
      const node = drawn("text", { ...at, "text-anchor": anchor });
      node.textContent = text;
      svg.append(node);
      return node;
    };
    const taken = [];
    const marked = (...what) => {
      const box = write(...what).getBBox();
      taken.push([box.x - 2, box.y, box.x + box.width + 2, box.y + box.height]);
    };
    let lowest = -Infinity;
    for (const v of rates.filter((rate) => rate <= y1)) {
      if (y(v) < lowest + 20 || (v > 0 && y(v) > floor - 16)) continue;
      lowest = y(v);
      svg.append(drawn("line", { x1: room.left, x2: width - room.right, y1: y(v), y2: y(v), stroke: ink("--grid") }));
      marked(percent(v), { x: room.left - 8, y: y(v) + 4 }, "end");
    }
    for (const v of ticks(x0, x1)) marked(percent(v), { x: x(v), y: height - room.bottom + 18 }, "middle");
    marked("savings →", { x: width - room.right, y: height - 4 }, "end");
    marked("violation rate", { x: 2, y: 11 }, "start");
    let path = "";
    undominated(points).forEach((p, i) => {
      const [px, py] = [x(p.savings), y(p.violation_rate)];
      path += i ? `H${px}V${py}` : `M${px} ${py}`;
    });
    if (path) svg.append(drawn("path", { d: path, fill: "none", stroke: ink("--line"), "stroke-width": 3 }));
    for (const p of points) {
      const own = colour(p.strategy);
      svg.append(drawn("circle", { cx: x(p.savings), cy: y(p.violation_rate), r: 5.5, stroke: own, "stroke-width": 2,
        fill: p.looks_ahead ? "none" : own }));
    }
    const named = points.map((p) => ({
      x: x(p.savings), y: y(p.violation_rate), text: p.strategy, colour: readable(colour(p.strategy)) }));
    return namesBeside(svg, named, { write, drawn, taken, frame: [room.left, room.top - 8, width, height - room.bottom + 4] });
  };
})();
