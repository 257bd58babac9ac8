// Why a function starts slowly: the report of `monitor diagnose`. It reads much, so it waits for a click.

import { h } from "./dom.js";
import { frame } from "./frame.js";

export function diagnosis(view, where) {
  const requests = new AbortController();
  const run = h("button", { type: "button", class: "primary", onclick: read }, "Diagnose (r)");
  const about = h("div", { class: "ask" },
    h("h1", {}, where.name),
    h("p", {}, `Reads the configuration, log, package, traces, metrics and deployments of the last ${where.since}, and ranks what to change.`),
    run);
  view.append(about);

  function read() {
    view.replaceChildren(frame("/api/page/diagnosis", { fn: where.name, since: where.since }, `Diagnosis of ${where.name}`, requests.signal));
  }

  run.focus();
  return {
    title: `${where.name} diagnosis`,
    back: "/",
    stop: () => requests.abort(),
    key: (key) => {
      if (key !== "r") return false;
      read();
      return true;
    },
  };
}
