// A list of any length that only draws the rows in sight. Rows have one height, so that no row is ever measured.

import { h } from "./dom.js";

const BEYOND = 6;

export class List {
  /**
   * `row` makes the element of an item; `open` is called for Enter or a click. `follow`: stay at the end while new
   * items arrive, until the reader scrolls up. `empty` is said of no items, once there are any to know of.
   */
  constructor({ label, row, open, rowHeight = 26, follow = false, empty = "nothing" }) {
    this.row = row;
    this.open = open;
    this.rowHeight = rowHeight;
    this.items = [];
    this.selected = -1;
    this.following = follow;
    this.canFollow = follow;
    this.empty = empty;
    this.ready = false;
    this.inner = h("div", { class: "list-inner" });
    this.element = h("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": label }, this.inner);
    this.element.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.inner.addEventListener("click", (event) => {
      const found = event.target.closest("[data-at]");
      if (!found || String(getSelection())) return;
      this.select(Number(found.dataset.at));
      this.open(this.items[this.selected]);
    });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.waiting = false;
  }

  /** Draw at the next frame, however often this is called until then. */
  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    if (this.canFollow) this.following = scrollTop + clientHeight >= scrollHeight - this.rowHeight;
    this.onScroll?.();
    this.later();
  }

  /** Other items; the selection is lost. */
  set(items) {
    this.items = items;
    this.ready = true;
    this.selected = Math.min(this.selected, items.length - 1);
    this.later();
  }

  /** So many of the oldest items have been removed. */
  dropped(number) {
    if (!number) return;
    this.selected = Math.max(-1, this.selected - number);
    if (!this.following) this.element.scrollTop -= number * this.rowHeight;
  }

  select(at) {
    if (!this.items.length) return;
    this.selected = Math.max(0, Math.min(this.items.length - 1, at));
    const top = this.selected * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (this.canFollow) this.following = this.selected === this.items.length - 1;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + this.rowHeight - clientHeight;
    this.draw();
  }

  end() {
    this.following = this.canFollow;
    this.selected = -1;
    this.draw();
  }

  draw() {
    const { rowHeight, items, element } = this;
    if (!items.length) {
      this.inner.style.setProperty("height", "auto");
      this.inner.replaceChildren(h("p", { class: "empty" }, this.ready ? this.empty : ""));
      return;
    }
    this.inner.style.setProperty("height", `${items.length * rowHeight}px`);
    if (this.following) element.scrollTop = items.length * rowHeight;
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - BEYOND);
    const last = Math.min(items.length, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + BEYOND);
    const rows = [];
    for (let at = first; at < last; at += 1) {
      const one = this.row(items[at]);
      one.dataset.at = at;
      one.id = `row-${at}`;
      one.classList.add("row");
      one.setAttribute("role", "option");
      one.setAttribute("aria-selected", at === this.selected);
      one.style.setProperty("transform", `translateY(${at * rowHeight}px)`);
      rows.push(one);
    }
    this.inner.replaceChildren(...rows);
    if (this.selected >= first && this.selected < last) element.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else element.removeAttribute("aria-activedescendant");
  }

  /** Handle a key; returns whether it did. */
  key(key) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    const from = this.selected >= 0 ? this.selected : this.canFollow && this.following ? this.items.length : -1;
    const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (key in steps) this.select(from + steps[key]);
    else if (key === "Home") this.select(0);
    else if (key === "G" || key === "End") this.canFollow ? this.end() : this.select(this.items.length - 1);
    else if (key === "Enter" && this.items[this.selected]) this.open(this.items[this.selected]);
    else return false;
    return true;
  }

  remove() {
    this.observer.disconnect();
  }
}
