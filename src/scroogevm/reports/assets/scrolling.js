"use strict";
// Boxes that scroll say so: how many columns and rows are out of sight, and where.
(() => {
  const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  function hidden(box) {
    const table = box.querySelector("table"), frame = box.getBoundingClientRect();
    const found = { left: [], right: [], above: 0, below: 0 };
    if (!table || !frame.width) return found;
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    const stuck = heads[0]?.getBoundingClientRect().right ?? frame.left;
    if (box.scrollWidth > box.clientWidth + 1) {
      heads.forEach((head, i) => {
        const { left, right } = head.getBoundingClientRect();
        if (right > frame.right + 1) found.right.push(head.textContent);
        else if (i && left < stuck - 1) found.left.push(head.textContent);
      });
    }
    if (box.scrollHeight > box.clientHeight + 1) {
      const first = table.tHead?.getBoundingClientRect().bottom ?? frame.top;
      for (const row of table.tBodies[0].rows) {
        const { top, bottom } = row.getBoundingClientRect();
        found.below += bottom > frame.bottom + 1;
        found.above += bottom < Math.max(first, frame.top) + 1 && top < frame.top + 1;
      }
    }
    return found;
  }

  function tell(box, hint) {
    const { left, right, above, below } = hidden(box);
    const words = [];
    if (left.length) words.push(`← ${counted(left.length, "column")} to the left`);
    if (right.length) words.push(`${counted(right.length, "more column")} to the right → ${right.join(", ")}`);
    if (above) words.unshift(`↑ ${counted(above, "row")} above`);
    if (below) words.unshift(`↓ ${counted(below, "more row")} below`);
    const text = words.length ? `Scroll: ${words.join(" · ")}` : "";
    if (hint.textContent !== text) hint.textContent = text;
    hint.title = text;
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    hint.hidden = !scrolls || !box.offsetParent;
    box.classList.toggle("cut", right.length > 0);
  }

  document.querySelectorAll(".scroll").forEach((box, number) => {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.id = `hint-${number}`;
    box.setAttribute("aria-describedby", hint.id);
    box.before(hint);
    const update = () => tell(box, hint);
    let waits = false;
    const soon = () => {
      if (waits) return;
      waits = true;
      requestAnimationFrame(() => {
        waits = false;
        update();
      });
    };
    box.addEventListener("scroll", soon, { passive: true });
    new ResizeObserver(soon).observe(box);
    new MutationObserver(soon).observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
    update();
  });
})();
