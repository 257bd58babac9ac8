"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const short = (event) => event.altKey || event.ctrlKey || event.metaKey;
  document.documentElement.classList.add("scripted");
  for (const element of all(".choices, .pick, .copy, #open-all")) element.hidden = false;

  // What a mark says is shown below its picture, for whoever points at it or moves to it.
  const tell = (mark) => {
    const line = one(".told", mark.closest("figure"));
    if (line) line.textContent = one("title", mark).textContent;
  };
  const focus = (mark, marks) => {
    if (!mark) return;
    for (const other of marks) other.setAttribute("tabindex", other === mark ? "0" : "-1");
    mark.focus();
  };
  // Listened to from the figure: Chromium takes an SVG element with a focus listener for one to be tabbed to.
  for (const figure of all("figure")) {
    for (const kind of ["pointerover", "focusin"]) {
      figure.addEventListener(kind, (event) => {
        const mark = event.target.closest(".block, .tile, .dot");
        if (mark) tell(mark);
      });
    }
  }

  for (const [picture, selector] of [[".treemap", ".tile"], [".dots", ".dot"]]) {
    for (const chart of all(picture)) {
      const marks = all(selector, chart);
      chart.addEventListener("keydown", (event) => {
        const at = marks.indexOf(document.activeElement);
        if (at < 0 || short(event)) return;
        const to = {
          ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1,
        }[event.key];
        if (to === undefined) return;
        focus(marks[to], marks);
        event.preventDefault();
      });
    }
  }

  // A name that its box has no room for is shortened, or left out.
  const fit = () => {
    for (const text of all(".block text, .tile text, .stack text")) {
      const whole = text.dataset.whole ?? (text.dataset.whole = text.textContent);
      const box = one("rect", text.parentElement).getBoundingClientRect();
      const room = Number(text.getAttribute("y")) + 3 > box.height ? 0 : box.width - 9;
      text.textContent = whole;
      const length = room > 0 ? text.getComputedTextLength() : 0;
      if (room > 0 && length <= room) continue;
      const most = room > 0 ? Math.floor(room / (length / whole.length)) - 1 : 0;
      text.textContent = most > 1 ? `${whole.slice(0, most)}…` : "";
    }
  };
  addEventListener("resize", fit);

  // The flame graph: x and width are per cent of all; zooming stretches one block over the whole width.
  for (const chart of all(".flame")) {
    const blocks = all(".block", chart);
    const place = new Map(blocks.map((block) => {
      const left = parseFloat(block.getAttribute("x"));
      return [block, { left, right: left + parseFloat(block.getAttribute("width")), depth: Number(block.dataset.depth) }];
    }));
    const axis = one(".axis", chart.closest("figure"));
    const ticks = all(":scope > svg", axis).map((tick) => [tick, parseFloat(tick.getAttribute("x"))]);
    const slack = 0.002;
    const holds = (outer, inner) => outer.left <= inner.left + slack && outer.right >= inner.right - slack;
    const visible = () => blocks.filter((block) => block.style.display !== "none");
    const zoom = (block) => {
      const view = place.get(block);
      const scale = 100 / (view.right - view.left);
      for (const other of blocks) {
        const own = place.get(other);
        const above = own.depth < view.depth && holds(own, view);
        const shown = above || own.depth === 0 || (holds(view, own) && own.depth >= view.depth);
        other.style.display = shown ? "" : "none";
        other.setAttribute("x", above ? "0%" : `${(own.left - view.left) * scale}%`);
        other.setAttribute("width", above ? "100%" : `${(own.right - own.left) * scale}%`);
        other.classList.toggle("chosen", other === block && view.depth > 0);
      }
      for (const [tick, left] of ticks) {
        tick.setAttribute("x", `${(left - view.left) * scale}%`);
        tick.style.display = left >= view.left - slack && left <= view.right + slack ? "" : "none";
      }
      fit();
    };
    chart.addEventListener("click", (event) => {
      const block = event.target.closest(".block");
      if (!block) return;
      focus(block, blocks);
      zoom(block.classList.contains("chosen") ? blocks[0] : block);
    });
    chart.addEventListener("keydown", (event) => {
      const block = document.activeElement;
      const own = place.get(block);
      if (!own || short(event)) return;
      const shown = visible();
      const row = shown.filter((other) => place.get(other).depth === own.depth);
      const at = row.indexOf(block);
      if (event.key === "ArrowRight") focus(row[at + 1], blocks);
      else if (event.key === "ArrowLeft") focus(row[at - 1], blocks);
      else if (event.key === "ArrowUp") {
        focus(shown.find((other) => place.get(other).depth === own.depth - 1 && holds(place.get(other), own)), blocks);
      } else if (event.key === "ArrowDown") {
        focus(shown.find((other) => place.get(other).depth === own.depth + 1 && holds(own, place.get(other))), blocks);
      } else if (event.key === "Home") focus(blocks[0], blocks);
      else if (event.key === "Enter" || event.key === " ") zoom(block.classList.contains("chosen") ? blocks[0] : block);
      else if (event.key === "Escape") zoom(blocks[0]);
      else return;
      event.preventDefault();
    });
  }

  // Choices: which of a section's figures is shown.
  for (const section of all("#start, #maps")) {
    const figures = all("figure", section);
    const buttons = all(".choices button", section);
    const which = one("select", section);
    const show = () => {
      const view = (buttons.find((button) => button.getAttribute("aria-pressed") === "true") || {}).dataset;
      for (const figure of figures) {
        figure.hidden = Boolean(view && figure.dataset.view !== view.view)
          || Boolean(which && figure.dataset.start !== which.value);
        figure.classList.toggle("printed", !which || figure.dataset.start === which.value);
      }
      fit();
    };
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        show();
      });
    }
    if (which) which.addEventListener("change", show);
    show();
  }

  fit();

  // Findings: arrows move between them, as in a list.
  const summaries = all(".finding > summary");
  for (const summary of summaries) {
    summary.addEventListener("keydown", (event) => {
      const at = summaries.indexOf(summary);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: summaries.length - 1 }[event.key];
      if (short(event) || to === undefined || !summaries[to]) return;
      summaries[to].focus();
      event.preventDefault();
    });
  }
  const opener = one("#open-all");
  const findings = all(".finding");
  const label = () => { opener.textContent = findings.every((finding) => finding.open) ? "Close all" : "Open all"; };
  if (opener) {
    label();
    opener.addEventListener("click", () => {
      const open = !findings.every((finding) => finding.open);
      for (const finding of findings) finding.open = open;
      label();
    });
    for (const finding of findings) finding.addEventListener("toggle", label);
  }
  let before = [];
  addEventListener("beforeprint", () => {
    before = findings.map((finding) => finding.open);
    for (const finding of findings) finding.open = true;
  });
  addEventListener("afterprint", () => findings.forEach((finding, at) => { finding.open = before[at]; }));

  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const text = one("pre", button.parentElement);
      try {
        await navigator.clipboard.writeText(text.textContent.replace(/\n$/, ""));
        button.textContent = "Copied";
      } catch {
        // Not every browser lets a file use the clipboard: then the text is selected, for Ctrl-C.
        getSelection().selectAllChildren(text);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
})();
