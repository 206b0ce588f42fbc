"use strict";
(() => {
  const WIDE = 1e6, NARROWEST = WIDE / 20000;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const say = (text) => { one("live").textContent = text; };
  document.documentElement.classList.add("js");

  // Copy buttons. A page opened from disk may lack the clipboard interface.
  const toClipboard = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await toClipboard(button.dataset.copy);
      button.focus();
      button.textContent = "Copied";
      say("Copied");
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // A link to something folded unfolds it.
  const unfold = () => {
    const target = location.hash && one(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // On paper everything is unfolded and the whole log is seen.
  let folded = [], before = null;
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const details of folded) details.open = true;
    if (board) { before = [from, to]; show(0, WIDE); }
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    if (before) show(...before);
  });

  const board = one("charts");
  if (!board) return;
  const start = Number(board.dataset.start), length = Number(board.dataset.end) - start;
  const offsets = JSON.parse(board.dataset.offsets);
  const tracks = all(".track", board), axes = all(".axis", board), tip = one("tip");
  let from = 0, to = WIDE, current = null;

  // Tips: what a mark says, on hover and on its turn with the keyboard.
  for (const mark of all(".mark", board)) {
    const title = mark.querySelector("title");
    mark.dataset.tip = title.textContent;
    title.remove();
  }
  const hide = () => { tip.hidden = true; };
  const point = (mark, x, y) => {
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 12, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18}px`;
  };
  board.addEventListener("pointermove", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) point(mark, event.clientX, event.clientY); else hide();
  });
  board.addEventListener("pointerleave", hide);

  // Times: the zone of the report, which may change its offset on the way.
  const offset = (ms) => offsets.reduce((found, [since, minutes]) => since <= ms ? minutes : found, offsets[0][1]) * 6e4;
  const timeAt = (unit) => start + (unit / WIDE) * length;
  const local = (ms) => new Date(ms + offset(ms)).toISOString();
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (text) => `${Number(text.slice(8, 10))} ${MONTHS[Number(text.slice(5, 7)) - 1]}`;
  const DAY = 864e5;
  const STEPS = [1, 10, 100, 1e3, 5e3, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 365 * DAY, 3650 * DAY];
  const label = (text, step) => {
    if (step >= 91 * DAY) return `${day(text)} ${text.slice(0, 4)}`;
    if (step >= DAY || text.slice(11, 23) === "00:00:00.000") return day(text);
    return step < 1e3 ? text.slice(11, 23) : step < 6e4 ? text.slice(11, 19) : text.slice(11, 16);
  };
  const element = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const rule = (axis) => {
    const width = axis.clientWidth || 600, height = axis.clientHeight || 100;
    const first = timeAt(from), last = timeAt(to);
    const step = STEPS.find((size) => (last - first) / size <= Math.max(width / 84, 2)) || STEPS.at(-1);
    const parts = [];
    for (let at = Math.ceil((first + offset(first)) / step) * step; ; at += step) {
      const ms = at - offset(at - offset(first));
      if (ms > last) break;
      const part = (ms - first) / (last - first), x = `${100 * part}%`;
      if (part < 0) continue;
      parts.push(element("line", { x1: x, x2: x, y1: 0, y2: height - 22 }));
      const anchor = part * width < 18 ? "start" : (1 - part) * width < 18 ? "end" : "middle";
      const text = element("text", { x, y: height - 8, "text-anchor": anchor });
      text.textContent = label(local(ms), step);
      parts.push(text);
    }
    axis.replaceChildren(...parts);
  };

  // One part of the log is seen in all charts.
  const show = (low, high) => {
    const span = Math.min(Math.max(high - low, NARROWEST), WIDE);
    from = Math.min(Math.max((low + high - span) / 2, 0), WIDE - span);
    to = from + span;
    for (const track of tracks) track.setAttribute("viewBox", `${from} 0 ${span} 100`);
    axes.forEach(rule);
    const [first, last] = [local(timeAt(from)), local(timeAt(to))];
    const end = first.slice(0, 10) === last.slice(0, 10) ? "" : `${day(last)} ${last.slice(0, 4)}, `;
    one("range").textContent = `${day(first)} ${first.slice(0, 4)}, ${first.slice(11, 19)} – ${end}${last.slice(11, 19)} ${board.dataset.zone}`;
  };
  const zoom = (how) => {
    const span = to - from, middle = (from + to) / 2;
    if (how === "in") show(middle - span / 4, middle + span / 4);
    if (how === "out") show(middle - span, middle + span);
    if (how === "left") show(from - span / 2, to - span / 2);
    if (how === "right") show(from + span / 2, to + span / 2);
    if (how === "all") show(0, WIDE);
  };
  for (const button of all("[data-zoom]", board)) button.addEventListener("click", () => zoom(button.dataset.zoom));
  for (const part of all("[hidden]", board)) part.hidden = false;

  // Drag across a chart to see that part.
  const unit = (track, x) => {
    const box = track.getBoundingClientRect();
    return from + Math.min(Math.max((x - box.left) / box.width, 0), 1) * (to - from);
  };
  let drag = null, dragged = false;
  board.addEventListener("dragstart", (event) => event.preventDefault());
  board.addEventListener("pointerdown", (event) => {
    const track = event.target.closest(".track");
    dragged = false;
    if (!track || event.button) return;
    const selection = document.createElement("div");
    selection.className = "selection";
    drag = { track, selection, x: event.clientX, pointer: event.pointerId };
  });
  addEventListener("pointermove", (event) => {
    if (!drag || Math.abs(event.clientX - drag.x) < 5) return;
    dragged = true;
    const plot = drag.track.closest(".plot");
    const box = plot.getBoundingClientRect(), area = drag.track.getBoundingClientRect();
    const [low, high] = [drag.x, event.clientX].sort((a, b) => a - b).map((x) => Math.min(Math.max(x, area.left), area.right));
    if (!drag.selection.isConnected) plot.append(drag.selection);
    drag.selection.style.left = `${low - box.left}px`;
    drag.selection.style.width = `${high - low}px`;
  });
  const drop = (event) => {
    if (!drag) return;
    drag.selection.remove();
    const [low, high] = [unit(drag.track, drag.x), unit(drag.track, event.clientX)].sort((a, b) => a - b);
    drag = null;
    if (dragged && event.type === "pointerup") show(low, high);
  };
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", drop);
  board.addEventListener("click", (event) => { if (dragged) event.preventDefault(); }, true);
  board.addEventListener("dblclick", (event) => { if (event.target.closest(".track")) zoom("all"); });

  // With the keyboard: one stop a chart, arrows from mark to mark and row to row.
  const choose = (mark) => {
    if (current) current.classList.remove("on");
    current = mark;
    if (!mark) return hide();
    mark.classList.add("on");
    const x = mark.x.baseVal.value, middle = x + mark.width.baseVal.value / 2;
    if (middle < from || middle > to) show(middle - (to - from) / 2, middle + (to - from) / 2);
    const box = mark.getBoundingClientRect();
    point(mark, Math.max(box.left, 0) + Math.min(box.width, innerWidth) / 2, box.bottom);
    say(mark.dataset.tip);
  };
  for (const plot of all(".plot", board)) {
    plot.tabIndex = 0;
    plot.setAttribute("aria-describedby", "keys");
    plot.addEventListener("blur", () => choose(null));
    plot.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const rows = all(".track", plot).map((track) => all(".mark:not([hidden])", track)).filter((row) => row.length);
      const row = rows.findIndex((marks) => marks.includes(current));
      const marks = rows[Math.max(row, 0)] || [], at = marks.indexOf(current);
      const near = (others) => others.reduce((best, mark) => Math.abs(mark.x.baseVal.value - current.x.baseVal.value) < Math.abs(best.x.baseVal.value - current.x.baseVal.value) ? mark : best);
      const keys = {
        ArrowRight: () => choose(marks[Math.min(at + 1, marks.length - 1)]),
        ArrowLeft: () => choose(marks[Math.max(at - 1, 0)]),
        ArrowDown: () => choose(row < 0 ? marks[0] : near(rows[Math.min(row + 1, rows.length - 1)])),
        ArrowUp: () => choose(row < 0 ? marks[0] : near(rows[Math.max(row - 1, 0)])),
        Enter: () => { const link = current && current.closest("a"); if (link) location.hash = link.getAttribute("href"); },
        Escape: () => choose(null),
        "+": () => zoom("in"), "=": () => zoom("in"), "-": () => zoom("out"), "0": () => zoom("all"),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  // Codes on and off; what is left is stacked anew.
  const bars = board.querySelector(".bars");
  const stack = () => {
    const off = new Set(all('.legend [aria-pressed="false"]', board).map((button) => button.dataset.series));
    const marks = all(".mark", bars), sums = new Map(), tops = new Map();
    for (const mark of marks) {
      mark.dataset.part ??= mark.getAttribute("height");
      mark.toggleAttribute("hidden", off.has(mark.dataset.series));
      const x = mark.getAttribute("x");
      if (!off.has(mark.dataset.series)) sums.set(x, (sums.get(x) || 0) + Number(mark.dataset.part));
    }
    const peak = Math.max(...sums.values(), 0);
    const label = bars.querySelector(".peak");
    label.dataset.full ??= label.textContent;
    const full = Number(label.dataset.full.replaceAll(",", ""));
    label.textContent = Math.round(full * (peak || 100) / 100).toLocaleString("en");
    for (const mark of marks) {
      if (off.has(mark.dataset.series)) continue;
      const x = mark.getAttribute("x"), height = Number(mark.dataset.part) * 100 / peak;
      const top = (tops.get(x) ?? 100) - height;
      tops.set(x, top);
      mark.setAttribute("y", top);
      mark.setAttribute("height", height);
    }
  };
  for (const button of all(".legend button", board)) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "false");
      choose(null);
      stack();
    });
  }

  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => axes.forEach(rule)); });
  show(0, WIDE);
})();
