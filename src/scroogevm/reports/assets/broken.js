"use strict";
// Axes that fit what lies close together: what is far above is pressed together at the top.
const brokenAxis = (() => {
  const kept = 0.78, worth = 0.64;
  const largest = (values) => Math.max(0, ...values.filter((value) => value != null));

  // Where a demand is nearer to what was allocated than to the peak of usage: it frees little there,
  // and a figure that fits it shows nothing of the others.
  function freesLittle(demand, peak, allocated) {
    return demand.map((value, i) => value != null && peak[i] != null && allocated[i] != null &&
      allocated[i] > 1.5 * peak[i] && value > (peak[i] + allocated[i]) / 2);
  }

  const breaks = (low, knee, high) => knee != null && knee > low && (knee - low) / (high - low) < worth;

  // A scale of uPlot whose range is [low, knee, high]: no knee, or one that is high enough, breaks nothing.
  function scale(range) {
    const now = { low: 0, knee: null, high: 1 };
    const part = (value) => {
      const { low, knee, high } = now;
      if (knee == null) return (value - low) / (high - low);
      return value <= knee ? (kept * (value - low)) / (knee - low) : kept + ((1 - kept) * (value - knee)) / (high - knee);
    };
    const value = (share) => {
      const { low, knee, high } = now;
      if (knee == null) return low + share * (high - low);
      return share <= kept ? low + (share / kept) * (knee - low) : knee + ((share - kept) / (1 - kept)) * (high - knee);
    };
    return {
      now,
      part,
      options: {
        distr: 100, fwd: part, bwd: value,
        range: (u, low, high) => {
          const [bottom, knee, top] = range(u, low, high);
          Object.assign(now, { low: bottom, knee: breaks(bottom, knee, top) ? knee : null, high: top });
          return [bottom, top];
        },
      },
    };
  }

  // Marks of the axis: close ones below the break, a few above it.
  function marks({ now, part }, ticks, height) {
    if (now.knee == null) return ticks(now.low, now.high);
    const found = ticks(now.low, now.knee);
    for (const tick of ticks(now.knee, now.high, 2)) {
      if ((part(tick) - part(found[found.length - 1] ?? now.low)) * height >= 15) found.push(tick);
    }
    return found;
  }

  // Where the axis breaks: a dashed line, two strokes on the axis, and words.
  function show(u, { now, part }, line, paper) {
    if (now.knee == null) return;
    const { ctx, bbox } = u, px = devicePixelRatio, y = Math.round(bbox.top + bbox.height * (1 - part(now.knee)));
    const words = "pressed together above", right = bbox.left + bbox.width - 4 * px;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = line;
    ctx.lineWidth = 1.2 * px;
    ctx.setLineDash([6 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    for (const lift of [-3, 3]) {
      ctx.moveTo(bbox.left - 6 * px, y + (lift + 3) * px);
      ctx.lineTo(bbox.left + 6 * px, y + (lift - 3) * px);
    }
    ctx.stroke();
    ctx.font = `${11 * px}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    ctx.strokeStyle = paper;
    ctx.lineWidth = 4 * px;
    ctx.lineJoin = "round";
    ctx.strokeText(words, right, y - 2 * px);
    ctx.fillText(words, right, y - 2 * px);
    ctx.restore();
  }

  return { breaks, freesLittle, largest, marks, scale, show };
})();
