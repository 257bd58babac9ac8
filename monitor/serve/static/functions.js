// All functions: health, cold starts and their trend. Cold starts come from the log, read for the rows in sight.

import { get } from "./api.js";
import { trend } from "./chart.js";
import { clock, count, h, ms, problem, share } from "./dom.js";
import { List } from "./list.js";

const EVERY_MS = 30_000;
// Reading a log of AWS takes calls, of which there is a limit.
const COLD_EVERY_MS = { local: 60_000, aws: 900_000 };
const SICK_RATE = 0.05;

/** A function's health, in a word, and why. */
function health(metrics) {
  if (!metrics || !metrics.invocations) return ["idle", "", "no invocation in the range"];
  if (metrics.error_rate > SICK_RATE) return ["failing", "bad", `${share(metrics.error_rate)} of invocations failed`];
  if (metrics.throttles) return ["throttled", "bad", `${count(metrics.throttles)} throttles`];
  if (metrics.errors) return ["errors", "warn", `${count(metrics.errors)} errors`];
  return ["healthy", "ok", "no errors, no throttles"];
}

export function functions(view, where) {
  const requests = new AbortController();
  const colds = new Map();
  const waiting = [];
  let rows = [];
  let readAt = 0;
  let reading = false;
  let search = where.query.get("q") ?? "";
  const box = h("input", { type: "search", placeholder: "filter ( / )", "aria-label": "Filter", autocomplete: "off", spellcheck: "false" });
  box.value = search;
  const status = h("span", { class: "counter", role: "status" }, "reading…");
  const trouble = h("div");
  const list = new List({
    label: "Functions", rowHeight: 40, empty: "No function matches. `monitor serve` shows the functions that its TARGETs name.", row, open: (one) => where.go(address(one.name, "cold")),
  });
  const head = h("div", { class: "line fn head", "aria-hidden": "true" },
    ["Function", "Health", "Invocations", "Errors", "p50", "p99", "Cold", "Init p50", "Trend"].map((name, at) =>
      h("span", { class: CLASSES[at] }, name)));
  view.append(h("div", { class: "bar" }, box, status), trouble, head, list.element);
  box.addEventListener("input", () => { search = box.value; where.update({ q: search }); show(); });

  function address(name, what) {
    const query = where.query.get("since") ? `?since=${encodeURIComponent(where.since)}` : "";
    return `/fn/${encodeURIComponent(name)}/${what}${query}`;
  }

  function row(one) {
    const metrics = one.metrics ?? {};
    const [word, kind, why] = health(one.metrics);
    const cold = colds.get(one.name);
    if (!cold || Date.now() - cold.at > COLD_EVERY_MS[where.local ? "local" : "aws"]) ask(one.name);
    const summary = cold?.summary;
    const cells = [
      h("a", { href: address(one.name, "cold"), tabindex: "-1" }, one.name),
      h("span", { class: `tag ${kind}`, title: why }, word),
      count(metrics.invocations ?? summary?.invocations),
      share(metrics.error_rate),
      ms(metrics.p50_duration_ms),
      ms(metrics.p99_duration_ms),
      share(summary ? summary.share : metrics.cold_share),
      ms(summary ? summary.init.p50 : metrics.p50_init_ms),
      cold?.points ? trend(cold.points) : h("span", { class: "soft", title: cold?.reason ?? "" }, cold ? cold.reason ? "not read" : "–" : "…"),
    ];
    return h("div", { class: "line fn" }, cells.map((cell, at) => h("span", { class: CLASSES[at] }, cell)));
  }

  /** Read the cold starts of functions one after the other: each is a scan of a log. */
  function ask(name) {
    if (!waiting.includes(name)) waiting.push(name);
    if (!reading) next();
  }

  async function next() {
    reading = true;
    while (waiting.length && !requests.signal.aborted) {
      const name = waiting[waiting.length - 1];
      const found = { at: Date.now(), summary: null, points: null, reason: "" };
      try {
        const { report, window: range } = await get("/api/cold", { fn: name, since: where.since, auto: "1" }, requests.signal);
        found.summary = report.summaries[0] ?? null;
        found.points = hours(report.groups, range);
      } catch (error) {
        if (error.name === "AbortError") return;
        found.reason = [error.message, error.hint].join(": ");
      }
      colds.set(name, found);
      waiting.splice(waiting.indexOf(name), 1);
      list.later();
    }
    reading = false;
  }

  function show() {
    const words = search.toLowerCase();
    list.set(rows.filter((one) => one.name.toLowerCase().includes(words)));
    status.textContent = `${list.items.length} of ${rows.length} functions, last ${where.since}${readAt ? `, read at ${clock(readAt).slice(0, 8)}` : ""}`;
  }

  async function read(again = "") {
    try {
      const found = await get("/api/functions", { since: where.since, again }, requests.signal);
      readAt = found.window.end_ms;
      rows = found.rows;
      trouble.replaceChildren(...(found.problem ? [problem({ message: `Metrics are not shown: ${found.problem}` })] : []));
      show();
    } catch (error) {
      if (error.name === "AbortError") return;
      trouble.replaceChildren(problem(error));
      if (!list.ready) status.textContent = "not read";
    }
  }

  read();
  const timer = setInterval(() => document.visibilityState === "visible" && read(), EVERY_MS);
  list.element.focus();
  return {
    title: "functions",
    stop: () => { requests.abort(); clearInterval(timer); list.remove(); },
    key: (key) => {
      if (key !== "r") return list.key(key);
      colds.clear();
      read("1");
      return true;
    },
  };
}

const CLASSES = ["name", "health", "number", "number", "number wide", "number wide", "number", "number", "trend"];

/** The share of cold starts by hour, [time 0 to 1, share, cold starts]. */
export function hours(groups, range) {
  const length = range.end_ms - range.start_ms;
  return groups
    .filter((one) => one.invocations && Number(one.label))
    .map((one) => [Math.min(1, Math.max(0, (Number(one.label) + 1_800_000 - range.start_ms) / length)), one.share ?? 0, one.cold_starts]);
}
