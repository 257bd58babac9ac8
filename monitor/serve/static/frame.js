// A page with data in a frame: the same page as the command writes with `-o html`.

import { get } from "./api.js";
import { h, problem } from "./dom.js";
import { themeFrame } from "./theme.js";

/** A frame with the page that a request makes. Keys that are pressed inside work as outside. */
export function frame(path, parameters, label, signal, before = null) {
  const holder = h("div", { class: "frame" }, before ?? h("p", { class: "soft", role: "status" }, `Reading: ${label}…`));
  load(holder, path, parameters, label, signal);
  return holder;
}

async function load(holder, path, parameters, label, signal) {
  try {
    const { page, every_s: every } = await get(path, parameters, signal);
    holder.dataset.every = every;
    const element = h("iframe", { title: label, src: page });
    element.addEventListener("load", () => {
      const inside = element.contentDocument;
      if (!inside || !inside.documentElement) return;
      themeFrame(element);
      inside.addEventListener("keydown", (event) => {
        const field = Boolean(event.target.closest?.("input,textarea,select"));
        if (event.defaultPrevented || field) return;
        if (!document.dispatchEvent(new KeyboardEvent("keydown", event))) event.preventDefault();
      });
      holder.dataset.ready = "1";
    });
    holder.replaceChildren(element);
  } catch (error) {
    if (error.name === "AbortError") return;
    holder.replaceChildren(problem(error));
    holder.dataset.ready = "1";
  }
}
