"use strict";
// All of the page but the failure that is open.

const LEGEND_LINES_MAX = 9;
const isLive = document.documentElement.dataset.live === "true";
let report = JSON.parse(byId("report").textContent);
let charts = [];

function card(name, value, unit, note, isBad) {
  return el("div", { class: isBad ? "is-bad" : null },
    el("dt", {}, name),
    el("dd", {}, value, unit ? el("span", { class: "unit" }, ` ${unit}`) : null, note ? el("small", {}, note) : null));
}

function drawTotals() {
  const totals = report.totals;
  const workers = report.workers.length;
  const withBlame = report.failures.filter(failure => failure.blame).length;
  byId("name").textContent = report.name;
  byId("subject").textContent = report.subject === report.name ? "" : report.subject;
  byId("totals").replaceChildren(
    card("Failures", count(report.failures.length), report.failures.length === 1 ? "signature" : "signatures",
      report.failures.length === 0 ? "nothing was found" : withBlame > 0 ? `${withBlame} with the commit to blame` : null,
      report.failures.length > 0),
    card("Executions", compact(totals.executions), "", `in ${duration(totals.workSeconds)} of work`),
    card("Speed", compact(totals.rate), "/s", `by ${plural(totals.active, "worker")} at work`),
    totals.edges === 0 ? "" : card("Edges", compact(totals.edges), "", "code coverage"),
    totals.handoffs === undefined ? "" : card("Hand-offs", compact(totals.handoffs), "", "interleaving coverage"),
    card("Corpus", compact(totals.corpus), "", "test cases"),
    card("Workers", count(workers), "", `for ${duration(totals.seconds)}`));
  if (!isLive) {
    byId("status").textContent = report.asOf > 0 ? `As of ${moment(report.asOf)}` : "";
  }
  byId("notes").replaceChildren(...report.notes.map(note => el("li", {}, note)));
  byId("notes-section").hidden = report.notes.length === 0;
}

/** The last value of a line at or before an index of the common axis. */
function valueAt(values, index) {
  for (let i = index ?? values.length - 1; i >= 0; i--) {
    if (values[i] !== null && values[i] !== undefined) {
      return values[i];
    }
  }
  return null;
}

function chartOptions(chart, width) {
  const place = line => Math.max(report.workers.findIndex(worker => worker.name === line.name), 0);
  const axis = { stroke: color("--muted"), grid: { stroke: color("--grid"), width: 1 }, ticks: { show: false },
    font: "11.5px system-ui, sans-serif" };
  return {
    width,
    height: 190,
    cursor: { sync: { key: "time" }, y: false, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, ticks) => ticks.map(duration),
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800,
          432000, 864000, 2592000] },
      { ...axis, size: 50, values: (_, ticks) => ticks.map(tick => Number.isInteger(tick) ? compact(tick) : "") },
    ],
    legend: { show: chart.lines.length <= LEGEND_LINES_MAX },
    series: [
      { label: "after", value: (u, _, i, at) => duration(u.data[0][at ?? u.data[0].length - 1]) },
      ...chart.lines.map(line => ({
        label: line.name,
        stroke: color(line.isTotal ? "--ink" : `--cpu${place(line) % 8}`),
        width: line.isTotal ? 2.5 : 1.5,
        spanGaps: true,
        points: { show: line.seconds.length < 3, size: 5 },
        value: (u, _, i, at) => {
          const value = valueAt(u.data[i], at);
          return value === null ? "–" : compact(value);
        },
      })),
    ],
  };
}

function drawCharts() {
  const box = byId("charts");
  charts.forEach(chart => chart.plot.destroy());
  charts = [];
  byId("charts-section").hidden = report.charts.length === 0;
  if (typeof uPlot === "undefined") {
    box.replaceChildren(el("p", { class: "note" },
      "This build of fuzz has no charts: npm was not there when it was built."));
    return;
  }
  box.replaceChildren(...report.charts.map(chart => {
    const last = chart.lines.map(line => `${line.name} ${compact(line.values[line.values.length - 1])}`);
    const figure = el("figure", { class: "chart", role: "group", "aria-label":
      `${chart.title} over time in ${chart.unit}; in the end: ${last.join(", ")}` },
      el("figcaption", {}, chart.title, el("span", {}, ` · ${chart.unit}`)));
    figure.chart = chart;
    return figure;
  }));
  for (const figure of box.children) {
    const data = uPlot.join(figure.chart.lines.map(line => [line.seconds, line.values]));
    const plot = new uPlot(chartOptions(figure.chart, figure.clientWidth - 24), data, figure);
    charts.push({ figure, plot });
  }
}

function refreshCharts() {
  const sameLines = report.charts.length === charts.length && report.charts.every((chart, i) =>
    chart.id === charts[i].figure.chart.id
    && chart.lines.map(line => line.name).join("\n") === charts[i].figure.chart.lines.map(line => line.name).join("\n"));
  if (!sameLines) {
    drawCharts();
    return;
  }
  report.charts.forEach((chart, i) => {
    charts[i].figure.chart = chart;
    charts[i].plot.setData(uPlot.join(chart.lines.map(line => [line.seconds, line.values])));
  });
}

/** A table without the columns in which no row has anything to say. */
function table(caption, all, rows) {
  const columns = all.filter(column => rows.some(row => column.cell(row) !== NOTHING));
  const cells = row => columns.map(column => {
    const cell = column.cell(row);
    return el("td", { class: [column.class ?? "", cell === NOTHING ? "is-empty" : ""].join(" ").trim() || null,
      "data-label": column.name }, cell);
  });
  return el("table", { class: "table", "aria-label": caption },
    el("thead", {}, el("tr", {}, columns.map(column => el("th", { scope: "col", class: column.class }, column.name)))),
    el("tbody", {}, rows.map(row => el("tr", { class: row.rowClass, "data-file": row.file }, cells(row)))));
}

const linkTo = file => `#failure=${encodeURIComponent(file)}`;

function drawFailures() {
  if (report.failures.length === 0) {
    byId("failure-table").replaceChildren(el("p", { class: "note" }, "Nothing was found."));
    return;
  }
  byId("failure-table").replaceChildren(table("Failures", [
    { name: "Broken law", class: "lead", cell: failure => [
      el("a", { class: "law", href: linkTo(failure.file) }, failure.law),
      el("span", { class: "small" }, `${failure.oracle} · in ${failure.routine}`), " ",
      failure.variants.map(variant => [el("span", { class: "tag" }, variant), " "])] },
    { name: "Found by", cell: failure => failure.foundBy ?? NOTHING },
    { name: "After", class: "number", cell: failure => duration(failure.foundAt) },
    { name: "Met", class: "number", cell: failure => count(failure.met) },
    { name: "CPUs", class: "number", cell: failure => count(failure.cpus) },
    { name: "Calls", class: "number", cell: failure => count(failure.calls) },
    { name: "Preemptions", class: "number", cell: failure => count(failure.preemptions) },
    { name: "Blame", cell: failure => failure.blame ?? NOTHING },
    { name: "Reproducer", cell: failure => el("code", {}, failure.file) },
  ], report.failures));
  markOpen();
}

function markOpen() {
  byId("failure-table").querySelectorAll("tbody tr").forEach(row => {
    row.classList.toggle("is-open", open !== null && row.dataset.file === open.file);
  });
}

function drawWorkers() {
  if (report.workers.length === 0) {
    byId("worker-table").replaceChildren(el("p", { class: "note" }, "No worker has left statistics here."));
    return;
  }
  const rows = report.workers.map(worker => ({ ...worker, rowClass: worker.active ? null : "is-idle" }));
  byId("worker-table").replaceChildren(table("Workers", [
    { name: "Worker", class: "lead", cell: worker => [el("span", { class: "law" }, worker.name),
      el("span", { class: "small", title: worker.commandLine },
        [worker.fuzzer, worker.active ? null : `last heard of ${moment(worker.lastUpdate)}`].filter(Boolean).join(" · "))] },
    { name: "Executions", class: "number", cell: worker => count(worker.executions) },
    { name: "Per second", class: "number", cell: worker => count(worker.rate) },
    { name: "Time", class: "number", cell: worker => duration(worker.runTime) },
    { name: "Corpus", class: "number", cell: worker => count(worker.corpus) },
    { name: "Found", class: "number", cell: worker => count(worker.found) },
    { name: "Imported", class: "number", cell: worker => count(worker.imported) },
    { name: "Edges", class: "number", cell: worker => count(worker.edges || null) },
    { name: "Hand-offs", class: "number", cell: worker => count(worker.handoffs) },
    { name: "Failures", class: "number", cell: worker => count(worker.failures) },
    { name: "Stability", class: "number", cell: worker => `${worker.stability} %` },
    { name: "Memory", class: "number", cell: worker => worker.peakMemory > 0 ? `${count(worker.peakMemory)} MiB` : NOTHING },
  ], rows));
}
