// Every dashboard of the account and every built-in template, each with its data, drawn again every minute.

import { get } from "./api.js";
import { h, problem } from "./dom.js";
import { frame } from "./frame.js";
import { List } from "./list.js";

const EVERY_MS = 60_000;

export function dashboards(view, where) {
  const requests = new AbortController();
  const notes = h("div");
  let rows = [];
  const box = h("input", { type: "search", placeholder: "filter ( / )", "aria-label": "Filter", autocomplete: "off" });
  const list = new List({
    label: "Dashboards", rowHeight: 36, empty: "No dashboard matches.",
    row: (one) => h("div", { class: "line board" }, h("a", { href: address(one), class: "name", tabindex: "-1" }, one.name), h("span", { class: "soft text" }, one.about)),
    open: (one) => where.go(address(one)),
  });
  view.append(h("div", { class: "bar" }, box), notes, list.element);
  box.addEventListener("input", show);

  function address(one) {
    const name = one.function ? `?fn=${encodeURIComponent(one.function)}` : "";
    return `/dashboard/${encodeURIComponent(one.name)}${name}`;
  }

  function show() {
    list.set(rows.filter((one) => one.name.toLowerCase().includes(box.value.toLowerCase())));
  }

  async function read() {
    try {
      const { deployed, templates } = await get("/api/dashboards", {}, requests.signal);
      const name = where.name || where.known[0] || "";
      rows = [
        ...deployed.map((one) => ({ name: one, function: "", about: "in the account" })),
        ...templates.map((one) => ({ name: one, function: name, about: name ? `template, for ${name}` : "template" })),
      ];
      show();
    } catch (error) {
      if (error.name !== "AbortError") notes.replaceChildren(problem(error));
    }
  }

  read();
  list.element.focus();
  return {
    title: "dashboards", hasRange: false,
    stop: () => { requests.abort(); list.remove(); },
    key: (key) => list.key(key),
  };
}

export function dashboard(view, where) {
  const requests = new AbortController();
  const parameters = { name: where.id, fn: where.name, since: where.query.get("since") ?? "" };
  let shown = null;

  function read() {
    const next = frame("/api/page/dashboard", parameters, where.id, requests.signal);
    if (!shown) {
      shown = next;
      view.append(shown);
      return;
    }
    // The new one is drawn behind the old one, which then goes with its place kept.
    next.classList.add("behind");
    view.append(next);
    const done = setInterval(() => {
      if (requests.signal.aborted) clearInterval(done);
      if (!next.dataset.ready) return;
      clearInterval(done);
      const inside = (holder) => holder.querySelector("iframe")?.contentDocument?.scrollingElement;
      const [before, after] = [inside(shown), inside(next)];
      if (before && after) after.scrollTop = before.scrollTop;
      shown.remove();
      next.classList.remove("behind");
      shown = next;
    }, 100);
  }

  /** The next time is later if the widgets cost much to read. */
  function later() {
    const every = Math.max(EVERY_MS, 1000 * Number(shown.dataset.every ?? 0));
    timer = setTimeout(() => {
      if (document.visibilityState === "visible") read();
      later();
    }, every);
  }

  let timer = 0;
  read();
  later();
  return {
    title: where.id,
    // Without a range in the address a dashboard keeps its own.
    range: parameters.since,
    back: `/dashboards${where.name ? `?fn=${encodeURIComponent(where.name)}` : ""}`,
    stop: () => { requests.abort(); clearTimeout(timer); },
    key: (key) => {
      if (key !== "r") return false;
      read();
      return true;
    },
  };
}
