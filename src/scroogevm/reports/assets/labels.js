"use strict";
// Names beside points of an SVG: none covers another, a point, or what was written before.
const namesBeside = (() => {
  const gap = 2, near = 10, crossed = 130, foreign = 30, without = 2000;
  const reaches = [10, 18, 28, 42, 60, 84, 112, 146, 186, 232, 284, 342, 406];
  const meets = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  // Whether a straight line runs through a box.
  function runsThrough([x0, y0, x1, y1], box) {
    if (Math.max(x0, x1) < box[0] || Math.min(x0, x1) > box[2] || Math.max(y0, y1) < box[1] || Math.min(y0, y1) > box[3]) return false;
    for (let n = 1; n < 24; n++) {
      const [x, y] = [x0 + ((x1 - x0) * n) / 24, y0 + ((y1 - y0) * n) / 24];
      if (x > box[0] && x < box[2] && y > box[1] && y < box[3]) return true;
    }
    return false;
  }

  // Whether two straight lines cross.
  function cross([ax, ay, bx, by], [cx, cy, dx, dy]) {
    const side = (px, py, qx, qy, rx, ry) => Math.sign((qx - px) * (ry - py) - (qy - py) * (rx - px));
    return side(ax, ay, bx, by, cx, cy) * side(ax, ay, bx, by, dx, dy) < 0 &&
      side(cx, cy, dx, dy, ax, ay) * side(cx, cy, dx, dy, bx, by) < 0;
  }

  // How far a box is from a point.
  const away = (box, { x, y }) =>
    Math.hypot(Math.max(box[0] - x, 0, x - box[2]), Math.max(box[1] - y, 0, y - box[3]));

  // Places of one name that lie in the frame and cover nothing, the nearest first.
  function places(point, size, points, frame, taken) {
    const { x, y } = point, found = [], high = frame[3] - frame[1];
    const others = points.filter((other) => other !== point);
    for (const reach of reaches) for (let lift = -high; lift <= high; lift += 5) {
      for (const dx of [reach, -reach - size.width]) {
        const [bx, by] = [x + dx, y + lift - size.height / 2];
        const box = [bx - gap, by, bx + size.width + gap, by + size.height];
        if (box[0] < frame[0] || box[1] < frame[1] || box[2] > frame[2] || box[3] > frame[3]) continue;
        if (taken.some((other) => meets(box, other))) continue;
        const own = away(box, point), strange = others.some((other) => away(box, other) < Math.min(own, 24));
        const cost = Math.abs(lift) + 0.8 * (reach - near) + (dx < 0) + (strange ? foreign : 0);
        const hair = Math.abs(lift) > 6 || reach > 20 ? [x, y, dx > 0 ? bx - gap : bx + size.width + gap, y + lift] : null;
        found.push({ box, hair, cost, at: [bx, by - size.y] });
      }
    }
    return found.sort((a, b) => a.cost - b.cost);
  }

  // A place for each name in this order, where it costs least beside those that have theirs.
  function placed(order) {
    const chosen = new Map();
    let total = 0;
    for (const one of order) {
      const before = [...chosen.values()];
      let best = null, least = Infinity;
      for (const place of one.places) {
        if (place.cost >= least) break;
        if (before.some((other) => meets(place.box, other.box))) continue;
        let cost = place.cost;
        for (const other of before) {
          if (place.hair && runsThrough(place.hair, other.box)) cost += crossed;
          if (other.hair && runsThrough(other.hair, place.box)) cost += crossed;
          if (place.hair && other.hair && cross(place.hair, other.hair)) cost += crossed / 3;
        }
        if (cost < least) [best, least] = [place, cost];
      }
      total += best ? least : without;
      if (best) chosen.set(one, best);
    }
    return { chosen, total };
  }

  // Writes the names. Points are { x, y, text, colour }; write gives a text element, drawn an element
  // of SVG; the frame and what is taken are [left, top, right, bottom]. Returns names without room.
  return (svg, points, { write, drawn, frame, taken }) => {
    const boxes = [...taken, ...points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7])];
    const names = points.map((point) => {
      const { text } = point;
      const node = write(text.length > 28 ? `${text.slice(0, 27)}…` : text, { x: 0, y: 0 }, "start");
      return { point, node, places: places(point, node.getBBox(), points, frame, boxes) };
    });
    const across = [...names].sort((a, b) => a.point.x - b.point.x || a.point.y - b.point.y);
    const orders = [names, across, [...across].reverse(), [...names].sort((a, b) => a.places.length - b.places.length)];
    const { chosen } = orders.map(placed).reduce((a, b) => (b.total < a.total ? b : a));
    const left = names.filter((one) => !chosen.has(one));
    for (const { node } of left) node.remove();
    for (const [{ point, node }, { hair, at }] of chosen) {
      node.setAttribute("x", at[0]);
      node.setAttribute("y", at[1]);
      node.setAttribute("class", "name");
      node.style.fill = point.colour;
      if (!hair) continue;
      const [x1, y1, x2, y2] = hair;
      svg.append(drawn("line", { x1, y1, x2, y2, stroke: point.colour, "stroke-width": 0.7 }));
    }
    return left.map(({ point }) => point.text);
  };
})();
