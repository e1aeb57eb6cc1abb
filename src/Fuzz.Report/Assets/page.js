"use strict";
// Draws the page, and draws it again when there is news.

const POLL_MILLISECONDS = 2000;

async function poll(tag) {
  const status = byId("status");
  let next = tag;
  try {
    const answer = await fetch("report.json", { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.status === 200) {
      report = await answer.json();
      next = answer.headers.get("ETag");
      refresh();
    } else if (answer.status !== 304) {
      throw new Error(`status ${answer.status}`);
    }
    status.className = "status is-live";
    status.textContent = `Live · last word from a worker ${moment(report.asOf)}`;
  } catch {
    status.className = "status is-lost";
    status.textContent = "Connection lost; trying again";
  }
  setTimeout(poll, POLL_MILLISECONDS, next);
}

function refresh() {
  drawTotals();
  refreshCharts();
  drawFailures();
  drawWorkers();
  const summary = open && report.failures.find(failure => failure.file === open.file);
  if (open && summary?.version !== open.version) {
    show(open.file, open.step);
  }
}

drawTotals();
drawCharts();
drawFailures();
drawWorkers();
showHashed();
addEventListener("hashchange", showHashed);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);
new ResizeObserver(() => charts.forEach(({ figure, plot }) => {
  if (plot.width !== figure.clientWidth - 24) {
    plot.setSize({ width: figure.clientWidth - 24, height: 190 });
  }
})).observe(byId("charts"));
if (isLive) {
  poll(null);
}
