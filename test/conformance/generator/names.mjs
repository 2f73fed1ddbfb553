// The names given out in one scenario. Names mostly are fresh; some are given a second meaning, and some name
// nothing at all, since the language says what happens then.

export class Names {
  #random;
  #prefix;
  #near = [];    // defined by ops that are performed before the one being made, errors aside
  #far = [];     // defined by ops of other callbacks, perhaps later than they are used
  #outer = [];   // how many names were near where each open deferred list begins
  #count = 0;
  #open = new Set();

  constructor(random, prefix) {
    this.#random = random;
    this.#prefix = prefix;
  }

  // Never used before, and not usable before it is published.
  fresh() { return `${this.#prefix}${this.#count++}`; }

  publish(name) {
    this.#near.push(name);
    return name;
  }

  // A name to define, mostly a fresh one.
  define() {
    const old = this.#random.chance(0.08) ? this.use() : undefined;
    return old !== undefined && !this.#open.has(old) ? old : this.publish(this.fresh());
  }

  // While a name's own op is being performed, what a second definition means is nobody's business.
  whileOpen(name, action) {
    this.#open.add(name);
    const result = action();
    this.#open.delete(name);
    return result;
  }

  enterDeferred() { this.#outer.push(this.#near.length); }

  leaveDeferred() { this.#far.push(...this.#near.splice(this.#outer.pop())); }

  // A name to use: recent ones more often, rarely one that names nothing.
  use() {
    if (this.#random.chance(0.015)) return `${this.#prefix}None`;
    const recent = this.#near.slice(-4);
    if (this.#far.length > 0 && this.#random.chance(0.06)) return this.#random.pick(this.#far);
    if (recent.length === 0) return undefined;
    return this.#random.pick(this.#random.chance(0.6) ? recent : this.#near);
  }
}
