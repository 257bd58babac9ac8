// The panel beside a view: one invocation with its facts, lines, init record and waterfall.

import { get } from "./api.js";
import { clock, facts, h, present, problem } from "./dom.js";
import { frame } from "./frame.js";

const LEVELS = [[50, "critical"], [40, "error"], [30, "warning"], [20, "info"], [0, "debug"]];
const opened = { request: null, before: null };

const panel = () => document.getElementById("panel");

/** The name of a level for a class, "" if there is none. */
export function levelName(level) {
  return level === null ? "" : LEVELS.find(([least]) => level >= least)?.[1] ?? "";
}

export function closePanel() {
  opened.request?.abort();
  panel().hidden = true;
  panel().replaceChildren();
}

/** Handle a key while the panel is open; returns whether it did. */
export function panelKey(key) {
  if (panel().hidden || key !== "Escape") return false;
  closePanel();
  document.querySelector("#view .list")?.focus();
  return true;
}

function open(title, ...children) {
  opened.request?.abort();
  const close = h("button", { type: "button", title: "Close (Esc)", "aria-label": "Close", onclick: () => panelKey("Escape") }, "×");
  panel().replaceChildren(h("div", { class: "panel-head" }, h("h2", {}, title), close), ...present(children));
  panel().hidden = false;
  panel().scrollTop = 0;
}

/** Show one line in full, and lead to its invocation. */
export function openLine(line, where) {
  const more = line.requestId
    ? h("button", { type: "button", onclick: () => openInvocation(line.source, line.requestId, where) }, "Show the invocation")
    : h("p", { class: "soft" }, "This line names no request.");
  open(
    line.source,
    facts([["Time", clock(line.at)], ["Level", levelName(line.level) || "–"], ["Request", line.requestId || "–"]]),
    h("pre", { class: `message ${levelName(line.level)}` }, line.text),
    line.cut ? h("p", { class: "soft" }, "The end of this line is left out. The invocation shows more of it.") : null,
    more,
  );
  if (line.requestId) more.focus();
}

/** Show one invocation of a function. */
export async function openInvocation(name, id, where) {
  const body = h("div", {}, h("p", { class: "soft" }, "Reading the invocation…"));
  open(name, body);
  opened.request = new AbortController();
  const signal = opened.request.signal;
  try {
    const found = await get("/api/invocation", { fn: name, id, since: where.since }, signal);
    body.replaceChildren(...parts(found, name, where, signal));
  } catch (error) {
    if (error.name !== "AbortError") body.replaceChildren(problem(error));
  }
}

function parts(found, name, where, signal) {
  return [
    facts(found.facts),
    h("h3", {}, `Log, ${found.lines.length} lines`),
    h("div", { class: "lines" }, found.lines.map(([at, level, text]) =>
      h("p", { class: levelName(level) }, h("time", {}, clock(at)), h("span", {}, text)))),
    found.more_lines ? h("p", { class: "soft" }, `${found.more_lines} more lines`) : null,
    found.init ? [h("h3", {}, "Init record"), h("pre", { class: "table" }, found.init)] : null,
    h("h3", {}, "Trace"),
    found.trace_id
      ? [h("p", {}, h("a", { href: `/trace/${found.trace_id}?fn=${encodeURIComponent(name)}` }, "Open the waterfall alone")),
        frame("/api/page/trace", { id: found.trace_id, fn: name, since: where.since }, "Waterfall", signal)]
      : h("p", { class: "soft" }, found.untraced || "REPORT names no trace."),
  ].flat().filter(Boolean);
}
