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
  constructor(most, mostSize, sizeOf) {
    Object.assign(this, { most, mostSize, sizeOf });
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

  /** Add items at the end; returns how many of those shown were removed at the beginning. */
  add(items) {
    this.shown ??= this.items.filter(this.wanted);
    for (const item of items) {
      this.items.push(item);
      this.size += this.sizeOf(item);
      if (this.wanted(item)) this.shown.push(item);
    }
    let drop = Math.max(0, this.items.length - this.most);
    let size = this.size;
    for (let at = 0; at < drop; at += 1) size -= this.sizeOf(this.items[at]);
    while (size > this.mostSize && drop < this.items.length - 1) {
      size -= this.sizeOf(this.items[drop]);
      drop += 1;
    }
    if (!drop) return 0;
    this.size = size;
    this.items.splice(0, drop);
    const oldest = this.items.length ? this.items[0].number : Infinity;
    let hidden = 0;
    while (hidden < this.shown.length && this.shown[hidden].number < oldest) hidden += 1;
    this.shown.splice(0, hidden);
    return hidden;
  }
}
