// The traces of one function, and one trace as a waterfall.

import { get } from "./api.js";
import { h, ms, problem, share, when } from "./dom.js";
import { frame } from "./frame.js";
import { List } from "./list.js";

const EVERY_MS = { local: 15_000, aws: 60_000 };

export function traces(view, where) {
  const requests = new AbortController();
  const chosen = { cold: where.query.get("cold") === "1", faulty: where.query.get("errors") === "1" };
  const status = h("span", { class: "counter", role: "status" }, "reading…");
  const notes = h("div");
  const buttons = [["Cold", "c", "cold"], ["Failed", "e", "faulty"]].map(([label, key, name]) => {
    const button = h("button", { type: "button", title: `${label} (${key})`, onclick: () => toggle(name) }, label);
    button.dataset.name = name;
    return button;
  });
  const list = new List({
    label: "Traces", row,
    open: (one) => where.go(`/trace/${one.summary.id}?fn=${encodeURIComponent(where.name)}&since=${encodeURIComponent(where.since)}`),
  });
  const head = h("div", { class: "line tr head", "aria-hidden": "true" },
    ["Time", "Total", "Init", "Handler", "Downstream", "Start", "Trace"].map((name, at) => h("span", { class: CLASSES[at] }, name)));
  view.append(h("h1", {}, where.name), h("div", { class: "bar" }, buttons, status), notes, head, list.element);

  function row({ summary, figures, state }) {
    const failed = summary.has_fault || summary.has_error || summary.has_throttle;
    const cells = [
      when(summary.start_ms), ms(figures?.total_ms ?? summary.duration_ms), ms(figures?.init_ms), ms(figures?.handler_ms), ms(figures?.downstream_ms),
      [h("span", { class: `tag ${state.startsWith("cold") ? "cold" : ""}` }, state || "–"), failed ? h("span", { class: "tag bad" }, "failed") : null],
      summary.id,
    ];
    return h("div", { class: "line tr" }, cells.map((cell, at) => h("span", { class: CLASSES[at] }, ...[cell].flat().filter(Boolean))));
  }

  function toggle(name) {
    chosen[name] = !chosen[name];
    where.update({ cold: chosen.cold ? "1" : "", errors: chosen.faulty ? "1" : "" });
    read();
  }

  async function read() {
    for (const button of buttons) button.setAttribute("aria-pressed", chosen[button.dataset.name]);
    const parameters = { fn: where.name, since: where.since, cold: chosen.cold ? "1" : "", faulty: chosen.faulty ? "1" : "" };
    try {
      const found = await get("/api/traces", parameters, requests.signal);
      notes.replaceChildren(...found.notes.map((text) => h("p", { class: "soft" }, text)));
      list.empty = chosen.cold || chosen.faulty ? "No trace in this range matches." : "No trace in this range. Is tracing Active?";
      list.set(found.items);
      const part = found.share === null ? "" : `, ${share(found.share)} of invocations`;
      status.textContent = `${found.items.length} of ${found.found} traces${part}`;
    } catch (error) {
      if (error.name === "AbortError") return;
      notes.replaceChildren(problem(error));
      if (!list.ready) status.textContent = "not read";
    }
  }

  read();
  const timer = setInterval(() => document.visibilityState === "visible" && read(), EVERY_MS[where.local ? "local" : "aws"]);
  list.element.focus();
  return {
    title: `${where.name} traces`,
    back: "/",
    stop: () => { requests.abort(); clearInterval(timer); list.remove(); },
    key: (key) => {
      if (key === "c") toggle("cold");
      else if (key === "e") toggle("faulty");
      else if (key === "r") read();
      else return list.key(key);
      return true;
    },
  };
}

const CLASSES = ["at", "number", "number", "number", "number wide", "kind", "id wide"];

export function trace(view, where) {
  const requests = new AbortController();
  const name = where.name;
  view.append(frame("/api/page/trace", { id: where.id, fn: name, since: where.since }, "Waterfall", requests.signal));
  return {
    title: where.id,
    hasRange: false,
    back: name ? `/fn/${encodeURIComponent(name)}/traces?since=${encodeURIComponent(where.since)}` : "/",
    stop: () => requests.abort(),
  };
}
