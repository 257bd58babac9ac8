// The live log: lines or invocations, filtered here, in bounded memory.

import { isFinal, stream } from "./api.js";
import { clock, h, ms } from "./dom.js";
import { levelName, openInvocation, openLine } from "./invocation.js";
import { List } from "./list.js";
import { spending } from "./notices.js";
import { Ring, matcher } from "./ring.js";

const MOST_LINES = 20_000;
const MOST_TEXT = 8_000_000;
const MOST_INVOCATIONS = 4_000;
const MOST_NOTICES = 3;
const MOST_READERS = 3;
const EMPTY = {
  lines: "Nothing was logged in the last ten minutes. New lines appear here.",
  invocations: "No invocation was logged in the last ten minutes. New ones appear here.",
};
const NO_MATCH = "Nothing matches the filters.";

export function live(view, where) {
  const given = where.query;
  const chosen = {
    mode: given.get("mode") === "invocations" ? "invocations" : "lines",
    text: given.get("q") ?? "",
    level: Number(given.get("level") ?? 0),
    errors: given.get("errors") === "1",
    cold: given.get("cold") === "1",
    slow: Number(given.get("slow") ?? 0),
  };
  const lines = new Ring({ most: MOST_LINES, mostSize: MOST_TEXT, sizeOf: (line) => line.text.length });
  const invocations = new Ring({ most: MOST_INVOCATIONS, timeOf: (one) => one.at_ms });
  const manyNames = !where.name;
  const counter = h("span", { class: "counter", role: "status" });
  const problemLine = h("p", { class: "problem", hidden: true, role: "alert" });
  const notices = h("div", { class: "notices" });
  const seen = { lines: 0, skipped: 0, connected: false, caughtUp: false };

  const list = new List({
    label: "Log", follow: true, empty: "",
    row: (item) => (chosen.mode === "lines" ? lineRow(item, manyNames) : invocationRow(item, manyNames)),
    open: (item) => (chosen.mode === "lines" ? openLine(item, where) : openInvocation(item.source, item.request_id, where)),
  });
  list.onScroll = () => tell();
  const controls = controlsOf(chosen, change);
  view.append(controls.bar, problemLine, notices, list.element);
  controls.bar.append(counter);

  function wanted() {
    const words = matcher(chosen.text);
    if (chosen.mode === "lines") {
      const least = Math.max(chosen.level, chosen.errors ? 40 : 0);
      return (line) => (!least || (line.level ?? 0) >= least) && words(line.text, line.requestId);
    }
    return (one) =>
      (!chosen.errors || one.error) && (!chosen.cold || one.cold) && (one.duration_ms ?? 0) >= chosen.slow
      && words(one.text, one.request_id);
  }

  function change() {
    where.update({
      mode: chosen.mode === "lines" ? "" : chosen.mode, q: chosen.text, level: chosen.level || "",
      errors: chosen.errors ? "1" : "", cold: chosen.cold ? "1" : "", slow: chosen.slow || "",
    });
    controls.show();
    filter();
  }

  function filter() {
    const ring = chosen.mode === "lines" ? lines : invocations;
    ring.filter(wanted());
    list.set(ring.shown);
    if (list.following) list.selected = -1;
    tell();
  }

  function tell() {
    const ring = chosen.mode === "lines" ? lines : invocations;
    list.empty = !seen.caughtUp ? "" : ring.items.length ? NO_MATCH : EMPTY[chosen.mode];
    const state = !seen.connected ? "connecting" : !seen.caughtUp ? "reading the last ten minutes" : list.following ? "following" : "paused: G follows";
    const left = seen.skipped ? `, ${seen.skipped.toLocaleString("en")} skipped` : "";
    counter.textContent = `${ring.shown.length.toLocaleString("en")} shown of ${seen.lines.toLocaleString("en")} lines${left} · ${state}`;
    counter.dataset.lines = seen.lines;
    counter.dataset.skipped = seen.skipped;
  }

  function take(batch) {
    if (batch.fresh) {
      for (const ring of [lines, invocations]) ring.clear();
      seen.lines = 0;
      filter();
    }
    seen.caughtUp = batch.caught_up;
    seen.skipped += batch.skipped;
    seen.lines += batch.lines.length;
    showProblem(batch.problem);
    for (const text of batch.notices) notices.append(h("p", { class: "soft" }, text));
    while (notices.childElementCount > MOST_NOTICES) notices.firstChild.remove();
    const dropped = [lines.add(batch.lines.map(asLine)), invocations.add(batch.invocations.map(asInvocation))];
    list.dropped(dropped[chosen.mode === "lines" ? 0 : 1]);
    list.later();
    tell();
  }

  function state({ spending: found, readers }) {
    spending(found, where.local);
    // A browser has six connections to a server. Tabs that nobody sees leave theirs to the others.
    if (document.hidden && readers > MOST_READERS) pause();
  }

  function showProblem(text) {
    problemLine.hidden = !text;
    problemLine.textContent = text;
  }

  filter();
  const { end, pause } = stream("/api/events", { fn: where.name }, (name, data) => (name === "state" ? state(data) : take(data)),
    (text, hint, status) => {
      seen.connected = !text;
      if (text) showProblem([text, hint].filter(Boolean).join(": ") + (isFinal(status) ? "" : "; connecting again"));
      else showProblem("");
      tell();
    });
  list.element.focus();

  return {
    title: where.name ? `${where.name} live` : "live",
    hasRange: false,
    stop: () => { end(); list.remove(); },
    key: (key) => {
      if (key === "v") chosen.mode = chosen.mode === "lines" ? "invocations" : "lines";
      else if (key === "e") chosen.errors = !chosen.errors;
      else if (key === "c") { chosen.cold = !chosen.cold; chosen.mode = "invocations"; }
      else return list.key(key);
      change();
      return true;
    },
  };
}

function asLine([number, at, source, level, text, requestId, cut]) {
  return { number, at, source, level, text, requestId, cut };
}

function asInvocation(one) {
  const error = one.error ? `${one.error.kind} ${one.error.type} ${one.error.message}` : "";
  return { ...one, text: [one.source, error, one.tenant, one.durable, one.cold ? "cold" : "warm"].join(" ") };
}

function lineRow(line, named) {
  const end = line.text.indexOf("\n");
  const text = end < 0 ? line.text : `${line.text.slice(0, end)} …`;
  return h("div", { class: `line ${levelName(line.level)}` },
    h("time", {}, clock(line.at)),
    named ? h("span", { class: "source" }, line.source) : null,
    h("span", { class: "text" }, text));
}

function invocationRow(one, named) {
  const full = one.memory_mb && one.max_memory_mb >= one.memory_mb * 0.9;
  const error = one.error ? [one.error.kind, one.error.type, one.error.message].filter(Boolean).join(": ") : "";
  return h("div", { class: `line invocation${one.error ? " error" : ""}` },
    h("time", {}, clock(one.at_ms)),
    named ? h("span", { class: "source" }, one.source) : null,
    h("span", { class: "number" }, one.duration_ms === null ? one.missing : ms(one.duration_ms)),
    h("span", { class: `number memory${full ? " bad" : ""}` }, one.max_memory_mb ? `${one.max_memory_mb} of ${one.memory_mb} MB` : ""),
    one.cold ? h("span", { class: "tag cold" }, `cold${one.init_ms === null ? "" : ` ${ms(one.init_ms)}`}`) : null,
    h("span", { class: "text" }, error || `${one.lines} lines`),
    h("span", { class: "id" }, one.request_id.slice(0, 8)));
}

function controlsOf(chosen, change) {
  const toggle = (label, key, read, write) => {
    const button = h("button", { type: "button", title: `${label} (${key})`, onclick: () => { write(); change(); } }, label);
    button.read = read;
    return button;
  };
  const search = h("input", { type: "search", id: "filter", placeholder: "filter: words, -without  ( / )", "aria-label": "Filter", autocomplete: "off", spellcheck: "false" });
  search.value = chosen.text;
  search.addEventListener("input", () => { chosen.text = search.value; change(); });
  const level = h("select", { "aria-label": "Level" },
    [[0, "all levels"], [20, "info"], [30, "warning"], [40, "error"]].map(([value, label]) => h("option", { value }, label)));
  level.value = String(chosen.level);
  level.addEventListener("change", () => { chosen.level = Number(level.value); change(); });
  const slow = h("select", { "aria-label": "Duration" },
    [[0, "any duration"], [100, "≥ 100 ms"], [500, "≥ 500 ms"], [1000, "≥ 1 s"], [3000, "≥ 3 s"], [10000, "≥ 10 s"]].map(([value, label]) => h("option", { value }, label)));
  slow.value = String(chosen.slow);
  slow.addEventListener("change", () => { chosen.slow = Number(slow.value); change(); });
  const buttons = [
    toggle("Lines", "v", () => chosen.mode === "lines", () => { chosen.mode = "lines"; }),
    toggle("Invocations", "v", () => chosen.mode === "invocations", () => { chosen.mode = "invocations"; }),
    toggle("Errors", "e", () => chosen.errors, () => { chosen.errors = !chosen.errors; }),
    toggle("Cold", "c", () => chosen.cold, () => { chosen.cold = !chosen.cold; chosen.mode = "invocations"; }),
  ];
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", button.read());
    level.hidden = chosen.mode !== "lines";
    slow.hidden = chosen.mode === "lines";
  };
  show();
  return { bar: h("div", { class: "bar" }, search, buttons, level, slow), show };
}
