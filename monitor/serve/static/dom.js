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
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A duration as monitor prints it: three digits. */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1) return `${value.toPrecision(2)} ms`;
  if (value < 999.5) return `${value.toPrecision(3)} ms`;
  if (value < 60_000) return `${(value / 1000).toPrecision(3)} s`;
  return `${Math.floor(value / 60_000)} min ${Math.round((value % 60_000) / 1000)} s`;
}

export function count(value) {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en");
}

export function share(value) {
  if (value === null || value === undefined) return "–";
  const percent = value * 100;
  return `${percent !== 0 && percent < 1 ? percent.toPrecision(1) : Number(percent.toPrecision(3))}%`;
}

export function usd(value) {
  if (value === null || value === undefined) return "–";
  return `$${value >= 0.01 ? value.toFixed(2) : Number(value.toPrecision(2))}`;
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
