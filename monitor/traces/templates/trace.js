
"use strict";
(() => {
  const spans = [...document.querySelectorAll("details.span")];
  const depth = (one) => Number(one.dataset.depth);
  const summary = (one) => one.querySelector("summary");
  const visible = () => spans.filter((one) => !one.hidden);
  const below = (one) => {
    const from = spans.indexOf(one);
    const found = [];
    for (let at = from + 1; at < spans.length && depth(spans[at]) > depth(one); at += 1) found.push(spans[at]);
    return found;
  };
  const fold = (one, folded) => {
    const inside = below(one);
    if (inside.length === 0) return;
    one.toggleAttribute("data-folded", folded);
    const mark = summary(one).querySelector(".name");
    mark.dataset.more = inside.length;
    for (const child of inside) {
      child.hidden = folded;
      if (!folded) child.removeAttribute("data-folded");
    }
  };
  const focus = (one) => {
    if (!one) return;
    summary(one).focus();
    summary(one).scrollIntoView({ block: "nearest" });
  };
  const above = (one) => {
    for (let at = spans.indexOf(one) - 1; at >= 0; at -= 1) if (depth(spans[at]) < depth(one)) return spans[at];
    return undefined;
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const one = document.activeElement && document.activeElement.closest("details.span");
    const shown = visible();
    if (event.key === "Escape") {
      for (const other of spans) other.open = false;
    } else if (event.key === "ArrowDown") {
      focus(one ? shown[shown.indexOf(one) + 1] : shown[0]);
    } else if (event.key === "ArrowUp") {
      focus(one ? shown[shown.indexOf(one) - 1] : shown[shown.length - 1]);
    } else if (event.key === "Home" || event.key === "End") {
      focus(event.key === "Home" ? shown[0] : shown[shown.length - 1]);
    } else if (event.key === "ArrowLeft" && one) {
      if (one.hasAttribute("data-folded") || below(one).length === 0) focus(above(one));
      else fold(one, true);
    } else if (event.key === "ArrowRight" && one) {
      if (one.hasAttribute("data-folded")) fold(one, false);
      else one.open = true;
    } else {
      return;
    }
    event.preventDefault();
  });
})();
