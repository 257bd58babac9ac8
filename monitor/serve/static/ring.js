// The newest items in bounded memory, and those of them that pass a filter.

/** Whether a text has all words and none of those after a minus, in any case. */
export function matcher(text) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word && word !== "-");
  const with_ = words.filter((word) => !word.startsWith("-"));
  const without = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
  if (!words.length) return () => true;
  return (...texts) => {
    const whole = texts.join(" ").toLowerCase();
    return with_.every((word) => whole.includes(word)) && !without.some((word) => whole.includes(word));
  };
}

export class Ring {
  /** `sizeOf` an item counts towards `mostSize`; with `timeOf`, items are kept in the order of these times. */
  constructor({ most, mostSize = Infinity, sizeOf = () => 0, timeOf = null }) {
    Object.assign(this, { most, mostSize, sizeOf, timeOf });
    this.wanted = () => true;
    this.clear();
  }

  clear() {
    this.items = [];
    this.shown = [];
    this.size = 0;
  }

  filter(wanted) {
    this.wanted = wanted;
    this.shown = this.items.filter(wanted);
  }

  /** Add items; returns how many of those shown were removed at the beginning. */
  add(items) {
    for (const item of items) {
      this.insert(this.items, item);
      this.size += this.sizeOf(item);
      if (this.wanted(item)) this.insert(this.shown, item);
    }
    return this.trim();
  }

  insert(list, item) {
    let at = list.length;
    // What comes late is only a little late.
    while (this.timeOf && at > 0 && this.timeOf(list[at - 1]) > this.timeOf(item)) at -= 1;
    if (at === list.length) list.push(item);
    else list.splice(at, 0, item);
  }

  trim() {
    let drop = 0;
    while (this.items.length - drop > this.most || (this.size > this.mostSize && drop < this.items.length - 1)) {
      this.size -= this.sizeOf(this.items[drop]);
      drop += 1;
    }
    if (!drop) return 0;
    const gone = new Set(this.items.splice(0, drop));
    let hidden = 0;
    while (hidden < this.shown.length && gone.has(this.shown[hidden])) hidden += 1;
    this.shown.splice(0, hidden);
    return hidden;
  }
}
