"use strict";
// Names beside points of an SVG: none covers another, a point, or what was written before.
const namesBeside = (() => {
  const gap = 2, near = 10, crossed = 45, foreign = 30;
  const reaches = [10, 18, 28, 42, 60, 84, 112, 146, 186, 232, 284, 342, 406];
  const meets = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  // Whether a straight line runs through a box.
  function runsThrough([x0, y0, x1, y1], box) {
    for (let n = 1; n < 16; n++) {
      const [x, y] = [x0 + ((x1 - x0) * n) / 16, y0 + ((y1 - y0) * n) / 16];
      if (x > box[0] && x < box[2] && y > box[1] && y < box[3]) return true;
    }
    return false;
  }

  // How far a box is from a point.
  const away = (box, { x, y }) =>
    Math.hypot(Math.max(box[0] - x, 0, x - box[2]), Math.max(box[1] - y, 0, y - box[3]));

  // Places around a point, the nearest first.
  function around(size, high) {
    const places = [];
    for (const reach of reaches) for (let lift = -high; lift <= high; lift += 5) {
      const cost = Math.abs(lift) + 0.8 * (reach - near);
      places.push([reach, lift, cost], [-reach - size.width, lift, cost + 1]);
    }
    return places.sort((a, b) => a[2] - b[2]);
  }

  // Writes the names. Points are { x, y, text, colour }; write gives a text element, drawn an element
  // of SVG; the frame and what is taken are [left, top, right, bottom]. Returns names without room.
  return (svg, points, { write, drawn, frame, taken }) => {
    const boxes = [...taken, ...points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7])];
    const names = [], hairs = [], left = [];
    for (const point of points) {
      const { x, y, text, colour } = point;
      const others = points.filter((other) => other !== point);
      const node = write(text.length > 28 ? `${text.slice(0, 27)}…` : text, { x: 0, y: 0 }, "start");
      const size = node.getBBox();
      let best = null, least = Infinity;
      for (const [dx, lift, cost] of around(size, frame[3] - frame[1])) {
        if (cost >= least) break;
        const [bx, by] = [x + dx, y + lift - size.height / 2];
        const box = [bx - gap, by, bx + size.width + gap, by + size.height];
        if (box[0] < frame[0] || box[1] < frame[1] || box[2] > frame[2] || box[3] > frame[3]) continue;
        if (boxes.some((other) => meets(box, other))) continue;
        const joined = Math.abs(lift) > 6 || cost > 14;
        const hair = joined ? [x, y, dx > 0 ? bx - gap : bx + size.width + gap, y + lift] : null;
        const own = away(box, point), strange = others.some((other) => away(box, other) < Math.min(own, 24));
        const crossings = names.filter((other) => hair && runsThrough(hair, other)).length +
          hairs.filter((other) => runsThrough(other, box)).length;
        const whole = cost + crossed * crossings + (strange ? foreign : 0);
        if (whole < least) {
          least = whole;
          best = { box, hair, at: [bx, by - size.y] };
        }
      }
      if (!best) {
        node.remove();
        left.push(text);
        continue;
      }
      boxes.push(best.box);
      names.push(best.box);
      node.setAttribute("x", best.at[0]);
      node.setAttribute("y", best.at[1]);
      node.setAttribute("class", "name");
      node.style.fill = colour;
      if (!best.hair) continue;
      hairs.push(best.hair);
      const [x1, y1, x2, y2] = best.hair;
      svg.append(drawn("line", { x1, y1, x2, y2, stroke: colour, "stroke-width": 0.7 }));
    }
    return left;
  };
})();
