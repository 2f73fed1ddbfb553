// A small deterministic random source (mulberry32): the same seed gives the same scenario everywhere.

export class Random {
  #state;

  constructor(text) {
    // FNV-1a spreads neighbouring seeds far apart.
    this.#state = 2166136261;
    for (const character of text) {
      this.#state = Math.imul(this.#state ^ character.codePointAt(0), 16777619);
    }
  }

  fraction() {
    this.#state = (this.#state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  // An integer of low..high, both included.
  integer(low, high) { return low + Math.floor(this.fraction() * (high - low + 1)); }

  chance(probability) { return this.fraction() < probability; }

  pick(list) { return list[this.integer(0, list.length - 1)]; }

  // The key of a { key: weight } table.
  weighted(table) {
    const entries = Object.entries(table);
    let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    return entries.at(-1)[0];
  }

  subset(list, probability) { return list.filter(() => this.chance(probability)); }
}
