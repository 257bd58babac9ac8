// The frame around the views: addresses, keys, the time range, the theme, and the count of AWS calls.

import { get, takeToken } from "./api.js";
import { cold } from "./cold.js";
import { dashboard, dashboards } from "./dashboards.js";
import { diagnosis } from "./diagnosis.js";
import { h, useUtc } from "./dom.js";
import { functions } from "./functions.js";
import { closePanel, panelKey } from "./invocation.js";
import { live } from "./live.js";
import { notice, spending } from "./notices.js";
import { keptTheme, toggleTheme } from "./theme.js";
import { trace, traces } from "./traces.js";

const RANGES = ["15m", "1h", "3h", "12h", "1d", "3d", "7d"];
const KEYS = [
  ["g f", "functions"], ["g l", "live log"], ["g c", "cold starts"], ["g t", "traces"], ["g d", "dashboards"],
  ["g r", "diagnosis"], ["j k ↓ ↑", "move"], ["Enter", "open"], ["Esc", "close, or leave the filter"],
  ["/", "filter"], ["[ ]", "shorter, longer time range"], ["v", "live: lines or invocations"],
  ["e", "failed ones only"], ["c", "cold ones only"], ["G", "live: the newest line, and follow"],
  ["r", "read again; diagnosis: run"], ["t", "light or dark"], ["?", "these keys"],
];
const byId = (id) => document.getElementById(id);
const app = { state: { names: [] }, view: null, prefix: "" };

/** What an address shows: the view, the function, and what else is in the path. */
function route() {
  const path = location.pathname.split("/").slice(1).map(decodeURIComponent);
  const query = new URLSearchParams(location.search);
  const since = query.get("since") || "1d";
  const name = path[0] === "fn" ? path[1] : query.get("fn") || "";
  const where = { name, query, since, known: app.state.names, go, update, local: app.state.local };
  if (path[0] === "fn") {
    const views = { live, cold, traces, diagnosis };
    const key = Object.hasOwn(views, path[2] ?? "") ? path[2] : "cold";
    return { make: views[key], key, where };
  }
  if (path[0] === "live") return { make: live, key: "live", where };
  if (path[0] === "dashboards") return { make: dashboards, key: "dashboards", where };
  if (path[0] === "dashboard") return { make: dashboard, key: "dashboards", where: { ...where, id: path[1] } };
  if (path[0] === "trace") return { make: trace, key: "traces", where: { ...where, id: path[1] } };
  return { make: functions, key: "functions", where };
}

/** Go to an address of the page. */
export function go(address) {
  history.pushState(null, "", address);
  show();
}

/** Change the query of the address without another view. */
function update(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

function show() {
  app.view?.stop?.();
  closePanel();
  const { make, key, where } = route();
  if (where.name) app.name = where.name;
  const view = byId("view");
  view.replaceChildren();
  view.dataset.view = key;
  app.view = make(view, where);
  app.key = key;
  document.title = [app.view.title ?? key, "monitor"].join(" · ");
  navigation(key, where);
  ranges(app.view.range ?? where.since, app.view.hasRange !== false);
}

function addresses(where) {
  const name = where.name || app.name || app.state.names[0] || "";
  const query = where.query.get("since") ? `?since=${encodeURIComponent(where.since)}` : "";
  const own = (view) => (name ? `/fn/${encodeURIComponent(name)}/${view}${query}` : "/");
  return {
    functions: ["Functions", "g f", `/${query}`],
    live: ["Live", "g l", where.name || app.name ? own("live") : "/live"],
    cold: ["Cold starts", "g c", own("cold")],
    traces: ["Traces", "g t", own("traces")],
    dashboards: ["Dashboards", "g d", `/dashboards${name ? `?fn=${encodeURIComponent(name)}` : ""}`],
    diagnosis: ["Diagnosis", "g r", own("diagnosis")],
  };
}

function navigation(key, where) {
  app.addresses = addresses(where);
  byId("nav").replaceChildren(
    ...Object.entries(app.addresses).map(([name, [label, keys, address]]) =>
      h("a", { href: address, title: `${label} (${keys})`, "aria-current": name === key ? "page" : null }, label)),
  );
  byId("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Show the ranges, `chosen` pressed; "" is a range of the view's own. */
function ranges(chosen, shown) {
  const group = byId("range");
  group.hidden = !shown;
  const known = !chosen || RANGES.includes(chosen) ? RANGES : [...RANGES, chosen];
  group.replaceChildren(
    ...known.map((since) =>
      h("button", { type: "button", "aria-pressed": since === chosen, onclick: () => range(since) }, since)),
  );
}

function range(since) {
  update({ since });
  show();
}

function stepRange(step) {
  const { where } = route();
  const at = RANGES.indexOf(where.since);
  range(RANGES[Math.max(0, Math.min(RANGES.length - 1, (at < 0 ? 4 : at) + step))]);
}

function help() {
  const dialog = byId("help");
  dialog.replaceChildren(
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
    h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")),
  );
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

/** Handle a key; `field` says that a text field has the focus. */
function pressed(event, field) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (byId("help").open) {
    if (event.key === "?") byId("help").close();
    return;
  }
  if (field) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.type !== "button")) {
      event.target.blur();
      byId("view").querySelector(".list")?.focus();
    }
    return;
  }
  if (command(event.key, event)) event.preventDefault();
}

function command(key, event) {
  if (app.prefix === "g") {
    app.prefix = "";
    const found = Object.values(app.addresses ?? {}).find(([, keys]) => keys === `g ${key}`);
    if (found) go(found[2]);
    return Boolean(found);
  }
  if (key === "g") app.prefix = "g";
  else if (key === "?") help();
  else if (key === "t") toggleTheme();
  else if (key === "[" || key === "]") stepRange(key === "]" ? 1 : -1);
  else if (key === "/") byId("view").querySelector("input[type=search]")?.focus();
  else if (panelKey(key)) return true;
  else if (key === "Enter" && event.target.closest?.("a,button,summary,select")) return false;
  else if (key === "Escape" && app.view?.back) go(app.view.back);
  else return Boolean(app.view?.key?.(key));
  return true;
}

async function refresh() {
  try {
    app.state = await get("/api/state");
    useUtc(app.state.utc);
    document.body.dataset.source = app.state.local ? "local" : "aws";
    spending(app.state.spending, app.state.local);
    return true;
  } catch (error) {
    notice(error);
    return false;
  }
}

async function start() {
  takeToken();
  keptTheme();
  document.addEventListener("keydown", (event) => pressed(event, Boolean(event.target.closest?.("input,textarea,select"))));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/']");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  addEventListener("popstate", show);
  // A narrow screen cuts the row of views off.
  byId("nav").addEventListener("focusin", (event) => event.target.scrollIntoView({ block: "nearest", inline: "nearest" }));
  byId("theme").addEventListener("click", toggleTheme);
  byId("keys").addEventListener("click", help);
  const ready = await refresh();
  if (ready) show();
  setInterval(async () => {
    if (document.visibilityState === "visible" && (await refresh()) && !app.view) show();
  }, 5_000);
  // The address with a token was opened in a tab that has the page already.
  addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload());
}

start();
