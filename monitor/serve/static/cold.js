// The cold starts of one function: over time with deployments, figures, each start, and the slowest imports.

import { get } from "./api.js";
import { coldChart, trend } from "./chart.js";
import { count, h, ms, problem, share, usd, when } from "./dom.js";
import { hours } from "./functions.js";
import { openInvocation } from "./invocation.js";
import { List } from "./list.js";

const EVERY_MS = { local: 20_000, aws: 300_000 };
const MOST_IMPORTS = 30;

export function cold(view, where) {
  const requests = new AbortController();
  const title = h("h1", {}, where.name);
  const figures = h("div", { class: "cards" });
  const drawing = h("div", { class: "drawing" });
  const notes = h("div");
  const imports = h("details", { class: "imports" });
  let found = null;
  const list = new List({
    label: "Cold starts", empty: "No cold start in this range.", row,
    open: (one) => openInvocation(where.name, one.request_id, where),
  });
  const head = h("div", { class: "line start head", "aria-hidden": "true" },
    ["Time", "First call", "Init", "Duration", "Memory", "Kind", "Version", "Request"].map((name, at) => h("span", { class: CLASSES[at] }, name)));
  view.append(title, notes, figures, drawing, head, list.element, imports);

  function row(one) {
    const cells = [
      when(one.at_ms), ms(one.first_total_ms), ms(one.init_ms), ms(one.duration_ms),
      one.max_memory_mb ? `${one.max_memory_mb} of ${one.memory_mb} MB` : "–",
      h("span", { class: `tag ${one.error_type ? "bad" : "cold"}` }, one.error_type ? `${one.kind}: ${one.error_type}` : one.kind),
      one.version ?? "–", one.request_id.slice(0, 8),
    ];
    return h("div", { class: "line start" }, cells.map((cell, at) => h("span", { class: CLASSES[at] }, cell)));
  }

  function draw() {
    if (!found) return;
    const width = Math.max(300, drawing.clientWidth);
    const selected = list.items[list.selected];
    drawing.replaceChildren(coldChart(list.items, found.deployments, found.window, {
      width, height: 220, selected, open: (one) => { list.select(list.items.indexOf(one)); list.open(one); },
    }));
  }

  function show() {
    const { report, window: range } = found;
    const summary = report.summaries[0];
    const points = hours(report.groups, range);
    figures.replaceChildren(...[
      ["cold starts", count(summary?.cold_starts ?? 0)],
      ["of invocations", summary ? `${share(summary.share)} of ${count(summary.invocations)}` : "–"],
      ["by hour", trend(points)],
      ["init p50 / p95", summary ? `${ms(summary.init.p50)} / ${ms(summary.init.p95)}` : "–"],
      ["first call p50 / p95", summary ? `${ms(summary.first_total.p50)} / ${ms(summary.first_total.p95)}` : "–"],
      ["warm p50", summary ? ms(summary.warm_duration.p50) : "–"],
      ["errors", summary ? count(summary.errors) : "–"],
      ["cost of init", summary ? usd(summary.init_cost_usd) : "–"],
    ].map(([name, value]) => h("div", { class: "card" }, h("span", { class: "soft" }, name), h("b", {}, value))));
    notes.replaceChildren(...[found.problem, report.reason, ...report.unavailable.map((one) => one.message)].filter(Boolean).map((text) => h("p", { class: "soft" }, text)));
    const before = list.items[list.selected]?.request_id;
    list.set([...report.cold_starts].reverse());
    list.selected = before ? list.items.findIndex((one) => one.request_id === before) : -1;
    showImports(report.imports);
    draw();
  }

  function showImports(rows) {
    imports.hidden = !rows.length;
    const open = imports.open;
    imports.replaceChildren(
      h("summary", {}, `Imports of init, ${rows.length} packages`),
      h("table", {},
        h("thead", {}, h("tr", {}, ["Package", "Median", "p95", "Starts", "Modules"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, rows.slice(0, MOST_IMPORTS).map((one) => h("tr", {},
          h("td", {}, one.package), [ms(one.median_ms), ms(one.p95_ms), `${one.seen} of ${one.of}`, count(one.modules)].map((cell) => h("td", { class: "number" }, cell)))))));
    imports.open = open;
  }

  async function read() {
    try {
      found = await get("/api/cold", { fn: where.name, since: where.since }, requests.signal);
      show();
    } catch (error) {
      if (error.name !== "AbortError") notes.replaceChildren(problem(error));
    }
  }

  notes.append(h("p", { class: "soft", role: "status" }, "Reading the log…"));
  read();
  const timer = setInterval(() => document.visibilityState === "visible" && read(), EVERY_MS[where.local ? "local" : "aws"]);
  const observer = new ResizeObserver(draw);
  observer.observe(drawing);
  list.element.focus();
  return {
    title: `${where.name} cold starts`,
    back: "/",
    stop: () => { requests.abort(); clearInterval(timer); observer.disconnect(); list.remove(); },
    key: (key) => {
      if (key === "r") read();
      else if (!list.key(key)) return false;
      draw();
      return true;
    },
  };
}

const CLASSES = ["at", "number", "number", "number wide", "number wide", "kind", "number wide", "id"];
