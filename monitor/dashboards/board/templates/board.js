"use strict";
(() => {
  const board = JSON.parse(document.getElementById("board").textContent);
  const whole = [board.start, board.end];
  const still = document.documentElement.classList.contains("still");
  const utc = board.utc;
  const zone = utc ? { timeZone: "UTC" } : {};
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
  const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });
  const clock = new Intl.DateTimeFormat("en-GB", { ...zone, dateStyle: "medium", timeStyle: "medium" });
  const seriesColors = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s0"];
  let range = whole;
  let charts = [];

  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const probe = document.body.appendChild(make("span", ""));
  const color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const show = (value) => (value === null || value === undefined ? "–" : number.format(value));
  // A widget with its own time range does not follow the range picker.
  const rangeOf = (widget) => widget.own || range;
  const inside = (points, widget) => {
    const [start, end] = rangeOf(widget);
    const slack = widget.own ? 1000 * (widget.period || 60) : board.slack;
    return points.filter(([at]) => at >= start - slack && at <= end);
  };
  const last = (points) => (points.length ? points[points.length - 1][1] : null);
  const colorOf = (curve, index) => curve.color || color(seriesColors[index % seriesColors.length]);

  // Lines are interrupted at gaps of more than two periods.
  const withGaps = (points, period) => {
    const result = [];
    points.forEach((point, index) => {
      if (index && point[0] - points[index - 1][0] > 2000 * period) result.push([points[index - 1][0] + 1, null]);
      result.push(point);
    });
    return result;
  };

  const markOptions = (marks, right) => {
    const chosen = marks.filter((mark) => mark.right === right || mark.vertical);
    const line = (mark) => ({
      [mark.vertical ? "xAxis" : "yAxis"]: mark.at,
      lineStyle: { color: mark.color || color("soft"), type: "dashed" },
      label: { formatter: () => mark.label, position: "insideEndTop", color: color("soft") },
    });
    const band = (mark) => {
      const key = mark.vertical ? "xAxis" : "yAxis";
      const style = { color: mark.color || color("soft"), opacity: 0.15 };
      return [{ [key]: mark.at, itemStyle: style, label: { formatter: () => mark.label } }, { [key]: mark.until }];
    };
    return {
      markLine: { silent: true, symbol: "none", animation: false, data: chosen.filter((one) => one.until === null).map(line) },
      markArea: { silent: true, data: chosen.filter((one) => one.until !== null).map(band) },
    };
  };

  const axis = (side, widget) => ({
    type: "value",
    position: side,
    name: widget[side].label,
    nameTextStyle: { color: color("soft"), align: side === "left" ? "left" : "right" },
    min: widget[side].least ?? undefined,
    max: widget[side].most ?? undefined,
    axisLabel: { color: color("soft"), formatter: (value) => short.format(value) },
    splitLine: { show: side === "left", lineStyle: { color: color("line") } },
  });

  const base = () => ({
    animation: false,
    useUTC: utc,
    textStyle: { color: color("ink"), fontFamily: "system-ui, DejaVu Sans, sans-serif" },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: color("card"),
      borderColor: color("line"),
      textStyle: { color: color("ink"), fontSize: 12 },
    },
  });

  const timeOption = (widget, hidden) => {
    const usesRight = widget.curves.some((curve) => curve.right);
    const drawn = widget.curves.map((curve, index) => ({ curve, index })).filter(({ index }) => !hidden.has(index));
    const times = [...new Set(drawn.flatMap(({ curve }) => curve.points.map(([at]) => at)))].sort((a, b) => a - b);
    const stacked = (points) => {
      const known = new Map(points);
      return times.map((at) => [at, known.get(at) ?? 0]);
    };
    const series = drawn.map(({ curve, index }) => ({
      type: "line",
      name: curve.label,
      color: colorOf(curve, index),
      yAxisIndex: curve.right && usesRight ? 1 : 0,
      data: widget.stacked ? stacked(curve.points) : withGaps(curve.points, widget.period),
      showSymbol: curve.points.length < 100,
      symbolSize: 5,
      lineStyle: { width: 1.5 },
      ...(widget.stacked ? { stack: curve.right ? "right" : "left", areaStyle: { opacity: 0.5 } } : {}),
    }));
    // Annotations belong to a separate series, so that hiding a line does not hide them.
    for (const right of usesRight ? [false, true] : [false]) {
      series.push({ type: "line", data: [[rangeOf(widget)[0], null]], yAxisIndex: right ? 1 : 0, ...markOptions(widget.marks, right) });
    }
    return {
      ...base(),
      tooltip: {
        ...base().tooltip,
        trigger: "axis",
        formatter: (shown) =>
          [clock.format(shown[0].value[0]), ...shown.filter((one) => one.seriesName && one.value[1] !== null)
            .map((one) => `${one.seriesName}: ${show(one.value[1])}`)].join("\n"),
      },
      grid: { left: 4, right: 8, top: widget.left.label || widget.right.label ? 26 : 10, bottom: 2, containLabel: true },
      xAxis: {
        type: "time", min: rangeOf(widget)[0], max: rangeOf(widget)[1], axisLabel: { color: color("soft"), hideOverlap: true },
        axisLine: { lineStyle: { color: color("line") } },
      },
      yAxis: usesRight ? [axis("left", widget), axis("right", widget)] : [axis("left", widget)],
      series,
    };
  };

  // Values by name, without time: the latest value of each series, or the rows of a log query.
  const named = (widget) =>
    widget.rows
      ? widget.rows
      : widget.curves.map((curve) => [curve.label, [last(inside(curve.points, widget))]]);

  const barOption = (widget) => {
    const rows = named(widget);
    return {
      ...base(),
      grid: { left: 4, right: 24, top: 8, bottom: 2, containLabel: true },
      xAxis: { ...axis("left", { left: widget.left || {} }), position: "bottom", name: "" },
      yAxis: { type: "category", inverse: true, data: rows.map(([name]) => name), axisLabel: { color: color("soft"), width: 160, overflow: "truncate" } },
      series: (widget.columns || [""]).map((column, place) => ({
        type: "bar", name: column,
        data: rows.map(([, values], index) => ({
          value: values[place],
          itemStyle: { color: colorOf((widget.curves || [])[index] || {}, widget.columns && widget.columns.length > 1 ? place : index) },
        })),
      })),
    };
  };

  const pieOption = (widget) => ({
    ...base(),
    series: [{
      type: "pie", radius: "75%", label: { color: color("ink") },
      data: named(widget).map(([name, values], index) => ({
        name, value: values[0] ?? 0, itemStyle: { color: colorOf((widget.curves || [])[index] || {}, index) },
      })),
    }],
  });

  const option = (widget, hidden) =>
    widget.view === "bar" ? barOption(widget) : widget.view === "pie" ? pieOption(widget) : timeOption(widget, hidden);

  const legend = (place, widget, redraw, hidden) => {
    place.replaceChildren();
    if (!widget.legend || widget.rows || widget.view !== "timeSeries") return;
    widget.curves.forEach((curve, index) => {
      const button = make("button", undefined, { type: "button", "aria-pressed": String(!hidden.has(index)) });
      const swatch = make("i");
      swatch.style.background = colorOf(curve, index);
      button.append(swatch, curve.label);
      button.addEventListener("click", () => {
        hidden.has(index) ? hidden.delete(index) : hidden.add(index);
        redraw();
        place.children[index].focus();
      });
      place.append(button);
    });
  };

  const figures = (place, widget) => {
    const rows = widget.curves.map((curve) => [curve, inside(curve.points, widget).map(([, value]) => value)]);
    if (!rows.some(([, values]) => values.length)) return place.replaceChildren(make("p", "No data in this range", { class: "empty" }));
    if (widget.view === "table") {
      const summary = (values) => values.length
        ? [values[values.length - 1], Math.min(...values), Math.max(...values), values.reduce((a, b) => a + b) / values.length, values.reduce((a, b) => a + b)]
        : [null, null, null, null, null];
      return place.replaceChildren(tableOf(["", "latest", "min", "max", "avg", "sum"], rows.map(([curve, values]) => [curve.label, ...summary(values).map(show)])));
    }
    const list = make("dl");
    for (const [curve, values] of rows) {
      const group = make("div");
      const value = values.length ? values[values.length - 1] : null;
      group.append(make("dt", curve.label), make("dd", show(value)));
      if (widget.view === "gauge" && value !== null) {
        const [least, most] = [widget.left.least ?? 0, widget.left.most ?? 100];
        group.append(make("meter", undefined, { min: least, max: most, value, "aria-label": `${curve.label}: ${show(value)} of ${most}` }));
      }
      list.append(group);
    }
    place.replaceChildren(list);
  };

  const tableOf = (columns, rows) => {
    const table = make("table");
    const head = table.createTHead().insertRow();
    columns.forEach((column) => head.append(make("th", column, { scope: "col" })));
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((cell, index) => line.append(make("td", cell, index ? { class: "number" } : {})));
    }
    return table;
  };

  // The same data as a table, created when it is opened.
  const dataTable = (widget) => {
    if (widget.rows) return tableOf(["", ...widget.columns], widget.rows.map(([name, values]) => [name, ...values.map(show)]));
    const kept = widget.curves.map((curve) => new Map(inside(curve.points, widget)));
    const times = [...new Set(kept.flatMap((points) => [...points.keys()]))].sort((a, b) => b - a).slice(0, 1000);
    return tableOf(["time", ...widget.curves.map((curve) => curve.label)], times.map((at) => [clock.format(at), ...kept.map((points) => show(points.get(at)))]));
  };

  const redraw = () => {
    for (const chart of charts) chart();
    let [shown, all] = [0, 0];
    for (const row of document.querySelectorAll("section:not([data-own]) tr[data-at]")) {
      const at = Number(row.dataset.at);
      row.hidden = at < range[0] - board.slack || at > range[1];
      all += 1;
      shown += row.hidden ? 0 : 1;
    }
    const status = document.getElementById("status");
    if (status) status.textContent = `${clock.format(range[0])} – ${clock.format(range[1])}${utc ? " UTC" : ""}${all ? ` · ${shown} of ${all} log rows` : ""}`;
  };

  for (const [index, widget] of board.widgets.entries()) {
    if (!widget) continue;
    widget.own = board.ranges[index];
    const section = document.getElementById(`w${index}`);
    const plot = section.querySelector(".plot");
    const details = section.querySelector("details.data");
    if (plot) {
      const hidden = new Set();
      let chart = null;
      const draw = () => {
        const points = widget.rows ? widget.rows : widget.curves.flatMap((curve) => inside(curve.points, widget));
        if (!points.length) {
          chart?.dispose();
          chart = null;
          plot.replaceChildren(make("p", "No data in this range", { class: "empty" }));
        } else {
          if (!chart) {
            plot.replaceChildren();
            chart = echarts.init(plot, null, { renderer: "canvas" });
          }
          chart.setOption(option(widget, hidden), { notMerge: true });
        }
        plot.dataset.points = points.length;
        legend(section.querySelector(".legend"), widget, draw, hidden);
        chart?.resize();
      };
      charts.push(draw);
      new ResizeObserver(() => chart?.resize()).observe(plot);
    } else {
      charts.push(() => figures(section.querySelector(".figures.body"), widget));
    }
    if (details) {
      const fill = () => {
        details.querySelector("table")?.remove();
        if (details.open) details.append(dataTable(widget));
      };
      details.addEventListener("toggle", fill);
      charts.push(fill);
    }
  }

  const setUpRange = () => {
    const form = document.querySelector(".range");
    const presets = form.querySelector(".presets");
    const [from, to] = [document.getElementById("from"), document.getElementById("to")];
    const written = (at) => {
      const shift = utc ? 0 : new Date(at).getTimezoneOffset() * 60000;
      return new Date(at - shift).toISOString().slice(0, 19);
    };
    const read = (input) => Date.parse(input.value + (utc ? "Z" : ""));
    const choose = (start, end) => {
      range = [start, end];
      [from.value, to.value] = [written(start), written(end)];
      for (const button of presets.children) {
        const length = Number(button.dataset.length);
        button.setAttribute("aria-pressed", String(end === whole[1] && (length ? start === end - length : start === whole[0])));
      }
      redraw();
    };
    const minute = 60000;
    const lengths = [[15, "15 min"], [60, "1 h"], [180, "3 h"], [720, "12 h"], [1440, "1 day"], [10080, "1 week"]];
    for (const [minutes, label] of [[0, "All"], ...lengths.filter(([minutes]) => minutes * minute < whole[1] - whole[0])]) {
      const button = make("button", label, { type: "button", "data-length": minutes * minute });
      button.addEventListener("click", () => choose(minutes ? whole[1] - minutes * minute : whole[0], whole[1]));
      presets.append(button);
    }
    for (const input of [from, to]) {
      input.min = written(whole[0]);
      input.max = written(whole[1]);
      input.addEventListener("change", () => {
        const [start, end] = [read(from), read(to)];
        const valid = start < end;
        input.setCustomValidity(valid ? "" : "The range must end after it starts");
        if (valid) choose(start, end);
        else input.reportValidity();
      });
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("theme").addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    form.hidden = false;
    choose(...whole);
  };

  still ? redraw() : setUpRange();
  document.documentElement.dataset.drawn = "yes";
})();
