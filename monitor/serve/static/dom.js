// Elements and formats. Text from outside becomes text nodes and attributes, never markup.

/** An element. `properties` sets attributes; `on…` adds a listener, `style` sets CSS properties. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An element of SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, one]) => element.style.setProperty(key, one));
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Children without those that are left out. `replaceChildren` would print `null`. */
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** A duration as the commands print it: `2.46 ms`, `412 ms`, `1.24 s`, `2 m 5 s`, `3 h 12 m`. */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0) return `-${ms(-value)}`;
  if (value < 0.005) return "0 ms";
  if (value < 999.5) return `${threeDigits(value)} ms`;
  if (value < 59_950) return `${threeDigits(value / 1000)} s`;
  const seconds = rounded(value / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  const minutes = rounded(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  const hours = rounded(minutes / 60);
  return `${count(Math.floor(hours / 24))} d ${hours % 24} h`;
}

/** A half goes to the even number, as in Python. */
function rounded(value) {
  const half = value % 1 === 0.5;
  return half ? 2 * Math.round(value / 2) : Math.round(value);
}

function threeDigits(value) {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

export function count(value) {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en");
}

export function share(value) {
  if (value === null || value === undefined) return "–";
  const percent = value * 100;
  return `${percent !== 0 && percent < 1 ? percent.toPrecision(1) : Number(percent.toPrecision(3))}%`;
}

/** An amount in USD as the commands print it, with enough decimals for small amounts. */
export function usd(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.01) return `$${value.toFixed(8).replace(/\.?0+$/, "")}`;
  return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

const zone = { utc: false };

export function useUtc(utc) {
  zone.utc = utc;
}

const two = (value) => String(value).padStart(2, "0");

function parts(at) {
  const date = new Date(at);
  return zone.utc
    ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(),
      date.getUTCSeconds(), date.getUTCMilliseconds()]
    : [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(),
      date.getSeconds(), date.getMilliseconds()];
}

/** The milliseconds to add to a time for that of the clock that is shown. */
export function zoneOffset(at) {
  return zone.utc ? 0 : -new Date(at).getTimezoneOffset() * 60_000;
}

/** The time of day with milliseconds. */
export function clock(at) {
  if (!at) return "--:--:--";
  const [, , , hour, minute, second, milli] = parts(at);
  return `${two(hour)}:${two(minute)}:${two(second)}.${String(milli).padStart(3, "0")}`;
}

/** Date and time to the minute or, with `seconds`, to the second. */
export function moment(at, seconds = false) {
  if (!at) return "–";
  const [year, month, day, hour, minute, second] = parts(at);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}${seconds ? `:${two(second)}` : ""}`;
}

/** Date and time to the second in a row; a narrow screen leaves the year out. */
export function when(at) {
  const text = moment(at, true);
  return at ? [h("span", { class: "year" }, text.slice(0, 5)), text.slice(5)] : text;
}

/** A table of [name, value] pairs. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** An error of a request, with its hint. */
export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, h("strong", {}, error.message), " ", error.hint ?? "");
}
