// What the frame of the page says above the view: AWS calls and their cost, and errors.

import { count, h, problem, usd } from "./dom.js";

/** Show how many AWS calls were made, and a warning once a limit is reached. */
export function spending(found, local) {
  const place = document.getElementById("spending");
  const limit = `${count(found.hour_calls)} of ${count(found.hour_limit)} calls/h`;
  const cost = local ? "free" : `${usd(found.cost_usd)} of ${usd(found.limit_usd)}/day`;
  const where = local ? "local" : "AWS";
  place.replaceChildren(h("span", { class: "where" }, where, " · "), limit, " · ", cost);
  place.title = `${count(found.calls)} calls since the start`;
  place.classList.toggle("bad", Boolean(found.stopped));
  notice(found.stopped && { message: found.stopped, hint: "restart `monitor serve` with a larger --calls-per-hour, or raise ask_above_usd" });
}

/** Show an error above the view, or none. */
export function notice(error) {
  const place = document.getElementById("notice");
  place.hidden = !error;
  place.replaceChildren(...(error ? problem(error).childNodes : []));
}
