// Two small charts as SVG: the trend of a share, and cold starts over time with deployments.

import { clock, moment, ms, share, svg, zoneOffset } from "./dom.js";

/** Bars of a share over time: points are [time 0 to 1, share 0 to 1, count]. */
export function trend(points) {
  const width = 120, height = 24;
  const bars = points.map(([at, part, number]) =>
    svg("rect", {
      x: (at * (width - 4)).toFixed(1), y: (height - 1 - Math.max(1, part * (height - 2))).toFixed(1),
      width: 4, height: Math.max(1, part * (height - 2)).toFixed(1), class: number ? "bar-cold" : "bar-warm",
    }));
  const label = points.length ? `cold share by hour, latest ${share(points[points.length - 1][1])}` : "no invocations";
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, bars,
    svg("line", { x1: 0, y1: height - 0.5, x2: width, y2: height - 0.5, class: "axis" }));
}

const LEFT = 64, RIGHT = 12, TOP = 18, BOTTOM = 26, LABEL = 70;

function ticks(most) {
  const step = 10 ** Math.floor(Math.log10(most));
  const size = [0.5, 1, 2, 5, 10].map((one) => one * step).find((one) => most / one <= 4) ?? step * 10;
  return Array.from({ length: Math.floor(most / size) + 1 }, (_, at) => at * size);
}

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((one) => one * MINUTE), ...[1, 2, 3, 6, 12].map((one) => one * HOUR),
  ...[1, 2, 7, 14, 28].map((one) => one * DAY),
];

/** At most `most` round times of the clock between two times. */
function times(from, to, most) {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1);
  const offset = zoneOffset(to);
  const first = Math.ceil((from + offset) / step) * step - offset;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, at) => first + at * step);
}

/**
 * Cold starts over time. `marks` are deployments, `open` is called with a cold start. The chart has a text alternative
 * in the list below it.
 */
export function coldChart(starts, marks, range, { width, height, selected, open }) {
  const value = (one) => one.first_total_ms ?? one.init_ms ?? 0;
  const most = Math.max(100, ...starts.map(value)) * 1.05;
  const [from, to] = [range.start_ms, range.end_ms];
  const x = (at) => LEFT + ((at - from) / (to - from)) * (width - LEFT - RIGHT);
  const y = (one) => height - BOTTOM - (one / most) * (height - TOP - BOTTOM);
  const grid = ticks(most).map((one) => [
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(one), y2: y(one), class: "grid" }),
    svg("text", { x: LEFT - 6, y: y(one) + 4, "text-anchor": "end" }, one ? ms(one).replace(/\.0+ /, " ") : "0"),
  ]);
  const long = to - from > DAY;
  const labels = times(from, to, Math.max(2, Math.min(7, Math.floor(width / 150))))
    .filter((at) => x(at) > LEFT + 16 && x(at) < width - RIGHT - 16)
    .map((at) => svg("text", { x: x(at), y: height - 8, "text-anchor": "middle" },
      long ? moment(at).slice(5) : clock(at).slice(0, 5)));
  const shown = marks.filter((one) => one.at_ms >= from && one.at_ms <= to);
  const deployments = shown.map((one, at) => {
    const left = x(one.at_ms);
    const next = shown[at + 1];
    // Of deployments close together only the last has a label.
    const label = !next || x(next.at_ms) - left > LABEL
      ? svg("text", { x: left, y: TOP - 6, "text-anchor": left > width / 2 ? "end" : "start", class: "deployment" },
        one.version === "$LATEST" ? "deployed" : one.version.startsWith("runtime ") ? one.version : `version ${one.version}`)
      : null;
    const mark = svg("line", { x1: left, x2: left, y1: TOP - 6, y2: height - BOTTOM, class: "deployment" },
      svg("title", {}, `${moment(one.at_ms, true)}: ${one.version} ${one.description ?? ""}`));
    return [mark, label];
  });
  const dots = starts.map((one) => {
    const dot = svg("circle", {
      cx: x(one.at_ms).toFixed(1), cy: y(value(one)).toFixed(1), r: one === selected ? 7 : 4.5,
      class: `dot ${one.error_type ? "bad" : one.kind}${one === selected ? " selected" : ""}`, onclick: () => open(one),
    }, svg("title", {}, `${moment(one.at_ms, true)}: first call ${ms(value(one))}, init ${ms(one.init_ms)}`));
    return dot;
  });
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", class: "chart",
    "aria-label": `${starts.length} cold starts over time, and ${deployments.length} deployments`,
  }, grid, labels, deployments, dots);
}
