"use strict";
// One failure: what there is to say about it, and its interleaving step by step.

const GROUPS = [
  ["Cpus", "CPUs"], ["Console", "Kernel says"], ["PageTables", "Page tables"], ["Folios", "Folios"],
  ["Slots", "Swap slots"], ["Files", "Files"], ["Tlbs", "TLBs"], ["Processes", "Processes"],
  ["Vmas", "VMAs"], ["Memcgs", "Memory cgroups"],
];
let open = null;   // what is shown of the failure that is open
let wanted = null; // the file of the failure that was asked for last

async function detailOf(file) {
  if (!isLive) {
    const index = report.failures.findIndex(failure => failure.file === file);
    return unpacked(JSON.parse(byId(`failure-${index}`).textContent));
  }
  const answer = await fetch(`failure.json?file=${encodeURIComponent(file)}`, { cache: "no-store" });
  return answer.ok ? unpacked(await answer.json()) : null;
}

function unpacked(detail) {
  const word = number => detail.values[number];
  detail.steps = detail.steps.map(([cpu, call, name, point, verb, target, preempts]) =>
    ({ cpu, call, function: word(name), point: word(point), verb: word(verb), target: word(target), preempts }));
  detail.cells = detail.cells.map(([group, order, object, place, field]) =>
    ({ group: word(group), order, object: word(object), place, field: word(field) }));
  return detail;
}

async function show(file, step) {
  const summary = report.failures.find(failure => failure.file === file);
  wanted = summary ? file : null;
  const detail = summary ? await detailOf(file) : null;
  if (wanted !== (summary ? file : null)) {
    return; // another one was asked for meanwhile
  }
  if (!detail) {
    open = null;
    byId("detail").hidden = true;
    markOpen();
    return;
  }
  const isSame = open !== null && open.file === file;
  open = { file, version: summary.version, summary, detail, step: -1 };
  drawDetail();
  markOpen();
  goTo(Math.min(step ?? -1, detail.steps.length - 1));
  if (!isSame) {
    byId("detail").scrollIntoView({ block: "start" });
    byId("stepper")?.focus({ preventScroll: true });
  }
}

function showHashed() {
  const match = /^#failure=(.*)$/.exec(location.hash);
  if (match) {
    let file = "";
    try {
      file = decodeURIComponent(match[1]);
    } catch {
      // An address that somebody has cut short names no failure.
    }
    show(file);
  } else if (open !== null && location.hash === "") {
    show(null);
  }
}

function close() {
  const file = open.file;
  history.replaceState(null, "", location.pathname + location.search);
  show(null);
  const row = [...byId("failure-table").querySelectorAll("tbody tr")].find(made => made.dataset.file === file);
  row?.querySelector("a").focus();
}

function drawDetail() {
  const { summary, detail } = open;
  const copy = el("button", { class: "plain", type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(summary.replay);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(copy.previousElementSibling);
      copy.textContent = "Selected";
    }
  } }, "Copy");
  byId("detail").replaceChildren(
    el("div", { class: "detail-head" },
      el("div", {}, el("h2", { id: "detail-title" }, summary.law),
        el("p", { class: "muted small" }, `${summary.oracle} · in ${summary.routine} · ${summary.file}`)),
      el("button", { class: "plain", type: "button", onclick: close }, "Close")),
    summary.remark ? el("p", { class: "remark" }, summary.remark) : "",
    detail.problem ? el("p", { class: "problem" }, detail.problem) : "",
    el("dl", { class: "facts" }, detail.facts.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
    el("div", { class: "command" }, el("code", {}, summary.replay), copy),
    el("details", {}, el("summary", {}, "Program and schedule"), el("pre", {}, detail.text)),
    detail.steps.length > 0 ? stepper(detail) : "");
  byId("detail").hidden = false;
}

function stepper(detail) {
  const last = detail.steps.length - 1;
  const button = (id, text, label, action) =>
    el("button", { class: "plain", type: "button", id, "aria-label": label, title: label, onclick: action }, text);
  const broken = detail.violations.some(violation => violation.step >= 0 && violation.step <= last);
  const made = el("section", { class: "stepper", id: "stepper", tabindex: "0", "aria-label": "Interleaving, step by step" },
    el("h3", {}, "Interleaving, step by step"),
    el("p", { class: "keys" }, el("kbd", {}, "←"), " ", el("kbd", {}, "→"), " one step  ",
      el("kbd", {}, "↑"), " ", el("kbd", {}, "↓"), " one line  ", el("kbd", {}, "Home"), " ", el("kbd", {}, "End"),
      " the ends"),
    el("div", { class: "bar" },
      button("to-first", "First", "Before the first step", () => goTo(-1)),
      button("to-previous", "Back", "One step back", () => goTo(open.step - 1)),
      button("to-next", "Next", "One step on", () => goTo(open.step + 1)),
      button("to-last", "Last", "Last step", () => goTo(last)),
      broken ? button("to-broken", "Broken law", "Next step that breaks a law", toBroken) : "",
      el("input", { class: "slider", id: "slider", type: "range", min: -1, max: last, value: -1,
        "aria-label": "Step", oninput: event => goTo(Number(event.target.value)) }),
      el("output", { id: "position", for: "slider" })),
    el("div", { class: "now", id: "now", role: "status" }),
    el("div", { class: "split" },
      el("div", { class: "pane", id: "diagram-pane", ...region("Race diagram") }, diagram(detail)),
      el("div", { class: "pane", ...region("State after the step") }, el("div", { class: "state", id: "state" }))));
  made.addEventListener("keydown", onKey);
  return made;
}

/** A part that scrolls by itself must be reachable by key. */
const region = label => ({ tabindex: "0", role: "region", "aria-label": label });

function diagram(detail) {
  const list = el("ol", { class: "diagram", id: "diagram" },
    el("li", { class: "lanes" }, el("div", {}),
      detail.calls.map((calls, cpu) => el("div", { "--cpu": cpu }, el("span", { class: "cpu" }, `CPU${cpu}`),
        el("ul", {}, calls.map(call => el("li", {}, call)))))),
    detail.rows.map(row => {
      const isCall = row.text.startsWith("> ");
      return el("li", {
        class: ["row", row.count > 0 && !row.isStep ? "is-counted" : "", isCall ? "is-call" : "",
          row.text.startsWith("  ") ? "is-inner" : "", row.count > 0 ? "is-step" : ""].join(" "),
        "--cpu": row.cpu, "data-first": row.first, "data-count": row.count,
        onclick: row.count > 0 ? () => goTo(row.first) : () => {},
      },
        el("span", { class: "number" }, row.isStep ? String(row.first) : ""),
        el("span", { class: "what" }, el("span", { class: "lane-tag" }, `CPU${row.cpu} `), row.text.trim(),
          row.marks.map(mark => el("span", { class: "mark" }, mark))));
    }));
  list.style.setProperty("--cpus", Math.max(detail.calls.length, 1));
  return list;
}

/** The line of the diagram that a step is in; of a step in none, the last one before it. */
function rowOf(step) {
  let found = -1;
  open.detail.rows.forEach((row, i) => {
    if (row.count > 0 && row.first <= step) {
      found = i;
    }
  });
  return found;
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.id === "slider") {
    return;
  }
  const last = open.detail.steps.length - 1;
  const moves = {
    ArrowRight: () => goTo(open.step + 1),
    ArrowLeft: () => goTo(open.step - 1),
    ArrowDown: () => goTo(nextRow(1)),
    ArrowUp: () => goTo(nextRow(-1)),
    Home: () => goTo(-1),
    End: () => goTo(last),
  };
  if (moves[event.key]) {
    event.preventDefault();
    moves[event.key]();
  }
}

function nextRow(direction) {
  const rows = open.detail.rows;
  for (let i = rowOf(open.step) + direction; i >= 0 && i < rows.length; i += direction) {
    if (rows[i].count > 0) {
      return rows[i].first;
    }
  }
  return direction < 0 ? -1 : open.detail.steps.length - 1;
}

function toBroken() {
  const steps = [...new Set(open.detail.violations.map(violation => violation.step))]
    .filter(step => step >= 0 && step < open.detail.steps.length).sort((a, b) => a - b);
  goTo(steps.find(step => step > open.step) ?? steps[0]);
}

function goTo(step) {
  if (open === null || open.detail.steps.length === 0) {
    return;
  }
  const last = open.detail.steps.length - 1;
  open.step = Math.max(-1, Math.min(step, last));
  byId("slider").value = open.step;
  byId("slider").setAttribute("aria-valuetext", open.step < 0 ? "before the first step" : `step ${open.step}`);
  byId("position").textContent = open.step < 0 ? `start / ${last}` : `step ${open.step} / ${last}`;
  for (const [id, isEnd] of [["to-first", open.step < 0], ["to-previous", open.step < 0],
    ["to-next", open.step === last], ["to-last", open.step === last]]) {
    // Not disabled: that would take the focus away from who presses it again and again.
    byId(id).setAttribute("aria-disabled", isEnd);
  }
  drawNow();
  drawRow();
  drawState();
}

function drawNow() {
  const step = open.detail.steps[open.step];
  const broken = open.detail.violations.filter(violation => violation.step === open.step);
  if (!step) {
    byId("now").replaceChildren(el("span", { class: "muted" }, "Before the first step"));
    return;
  }
  const call = step.call >= 0 ? open.detail.calls[step.cpu]?.[step.call] : null;
  byId("now").replaceChildren(
    el("span", { class: "cpu", "--cpu": step.cpu }, `CPU${step.cpu}`),
    el("span", {}, step.target ? `${step.verb} ${step.target}` : "starts"),
    el("span", { class: "muted" }, [call, step.function, step.point].filter(Boolean).join(" · ")),
    step.preempts ? el("span", { class: "tag" }, "preempts") : "",
    ...broken.map(violation => el("span", { class: "broken" }, `breaks ${violation.signature}: ${violation.detail}`)));
}

function drawRow() {
  const pane = byId("diagram-pane");
  const current = rowOf(open.step);
  byId("diagram").querySelectorAll(".row").forEach((row, i) => {
    row.classList.toggle("is-now", i === current && open.step >= 0);
    row.classList.toggle("is-later", i > current);
    if (i === current && open.step >= 0) {
      row.setAttribute("aria-current", "step");
      const top = row.offsetTop - byId("diagram").querySelector(".lanes").offsetHeight;
      if (top < pane.scrollTop || row.offsetTop + row.offsetHeight > pane.scrollTop + pane.clientHeight) {
        pane.scrollTop = top - pane.clientHeight / 3;
      }
    } else {
      row.removeAttribute("aria-current");
    }
  });
  if (open.step < 0) {
    pane.scrollTop = 0;
  }
}

function drawState() {
  const { cells, values, changes } = open.detail;
  const now = new Array(cells.length).fill("");
  const before = new Map();
  for (let i = 0; i <= open.step + 1 && i < changes.length; i++) {
    for (let k = 0; k < changes[i].length; k += 2) {
      if (i === open.step + 1 && i > 0) {
        before.set(changes[i][k], now[changes[i][k]]);
      }
      now[changes[i][k]] = values[changes[i][k + 1]];
    }
  }
  const shown = cells.map((cell, i) => ({ cell, i }))
    .filter(({ i }) => now[i] !== "" || before.has(i))
    .sort((a, b) => a.cell.order - b.cell.order || (a.cell.object < b.cell.object ? -1 : a.cell.object > b.cell.object ? 1 : 0)
      || a.cell.place - b.cell.place);
  byId("state").replaceChildren(...GROUPS.flatMap(([group, title]) => {
    const objects = new Map();
    for (const item of shown.filter(({ cell }) => cell.group === group)) {
      const key = `${item.cell.order} ${item.cell.object}`;
      objects.set(key, [...objects.get(key) ?? [], item]);
    }
    return objects.size === 0 ? [] : [el("h3", {}, title), el("dl", {}, [...objects.values()].map(fields => [
      el("dt", {}, fields[0].cell.object), el("dd", {}, fields.map(field => fieldOf(field, now, before)))]))];
  }));
}

function fieldOf({ cell, i }, now, before) {
  const isGone = now[i] === "";
  const text = isGone ? before.get(i) : now[i];
  const hint = before.has(i) && !isGone && before.get(i) !== "" ? `was ${before.get(i)}` : null;
  return el("span", { class: before.has(i) ? `is-changed${isGone ? " is-gone" : ""}` : null, title: hint },
    cell.field ? [el("span", { class: "field" }, cell.field), " "] : "", text);
}
