"use strict";
// Windows with verdicts: as a table, and as colours behind or below a chart.
const verdictWindows = (() => {
  const names = ["not judged", "not quiescent", "quiescent"];
  const marks = ["·", "✗", "✓"];
  const colours = ["--unjudged", "--moved", "--calm"];
  const make = (tag, text) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const signed = (value) => (value == null ? "?" : `${value > 0 ? "+" : ""}${value}`);
  const at = (row, i) => (row.length === 1 ? row[0] : row[i]);
  const span = (panel, i) => `${panel.begins[i].toFixed(2)} – ${panel.ends[i].toFixed(2)} h`;

  // The windows that one is compared with: those before it of the same slice.
  function kept(panel, i) {
    const found = [];
    for (let n = 1; n <= panel.kept; n++) if (i - n * panel.slices >= 0) found.push(i - n * panel.slices);
    return found;
  }

  function words(panel, verdicts, i) {
    return `Window ${panel.numbers[i]}, ${span(panel, i)}: ${names[verdicts.said[i]]}, ${verdicts.decided[i]}.`;
  }

  // Colours of the windows in a rectangle of a uPlot canvas, from top to bottom in its pixels.
  function shade(u, panel, said, top, height, edges) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, top, bbox.width, height);
    ctx.clip();
    panel.ends.forEach((end, i) => {
      const left = u.valToPos(panel.begins[i], "x", true), right = u.valToPos(end, "x", true);
      ctx.fillStyle = ink(colours[said[i]]);
      ctx.fillRect(left, top, right - left - (edges ? 1 : 0), height);
    });
    ctx.restore();
  }

  // What is pointed at: the window, and a bar over those that it was compared with.
  function mark(u, panel, i) {
    if (i == null) return;
    const { ctx, bbox } = u, high = 5 * devicePixelRatio;
    const edge = (hour) => u.valToPos(hour, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = ink("--soft");
    for (const n of kept(panel, i)) ctx.fillRect(edge(panel.begins[n]), bbox.top, edge(panel.ends[n]) - edge(panel.begins[n]) - 1, high);
    ctx.strokeStyle = ctx.fillStyle = ink("--accent");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.strokeRect(edge(panel.begins[i]), bbox.top, edge(panel.ends[i]) - edge(panel.begins[i]), bbox.height);
    ctx.restore();
  }

  function table(place, panel, verdicts, unit, pointed) {
    const gaps = Object.entries(verdicts.gaps);
    const shown = make("table");
    shown.className = "windows";
    const head = shown.createTHead().insertRow();
    const headings = ["window", "hours", "verdict", "reason",
      ...gaps.map(([name]) => `${name.replaceAll("_", " ")} / limit, ${unit}`)];
    for (const heading of headings) {
      const cell = make("th", heading);
      cell.scope = "col";
      head.append(cell);
    }
    const body = shown.createTBody();
    panel.ends.forEach((_, i) => {
      const row = body.insertRow(), code = verdicts.said[i];
      row.className = `code-${code}`;
      row.dataset.window = i;
      const first = make("th", panel.numbers[i]);
      first.scope = "row";
      row.append(first, make("td", span(panel, i)), make("td", `${marks[code]} ${names[code]}`), make("td", verdicts.decided[i]));
      for (const [, [gap, limit]] of gaps) {
        const [g, l] = [at(gap, i), at(limit, i)];
        const cell = make("td", code === "0" ? "" : `${signed(g)} / ${l ?? "?"}`);
        if (code === "1" && !(g != null && l != null && Math.abs(g) < l)) cell.className = "beyond";
        row.append(cell);
      }
      row.addEventListener("pointerenter", () => pointed(i));
      row.addEventListener("pointerleave", () => pointed(null));
    });
    place.replaceChildren(shown);
  }

  return { names, colours, kept, words, shade, mark, table, make, ink };
})();
