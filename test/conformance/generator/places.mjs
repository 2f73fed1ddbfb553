// Where an op stands, and when the timers it sets fall due.
//
// The order of two timers is certain when they fall due at least 20 ms apart, or when they have one delay and are
// set in one callback. So the generator keeps a calendar: each deadline is a slot, and a slot is shared only by
// timers of one callback and one delay. A list of ops that runs at a moment nobody knows when it is written (a
// reaction, the rest of an async function) sets at most one timer a scenario, whose deadline falls halfway
// between slots 40 ms apart; one that may run more than once sets none.

const LAST_DEADLINE = 280;

export class Calendar {
  #random;
  #owners = new Map();  // deadline -> the callback and delay that may share it

  constructor(random) {
    this.#random = random;
    this.hasUnplanned = random.chance(0.35);
    this.step = this.hasUnplanned ? 40 : 20;
  }

  // A delay whose `count` deadlines, counted from the place's moment, are free; undefined when there is none.
  // A timer that is to fire more than once shares none of its deadlines.
  planDelay(place, count) {
    if (place.repeats) return undefined;
    if (place.moment === undefined) return count === 1 ? this.#planUnplanned() : undefined;
    const delays = [];
    for (let delay = this.step; delay <= 5 * this.step; delay += this.step) {
      if (this.#isFree(place, delay, count)) delays.push(delay);
    }
    if (delays.length === 0) return undefined;
    const delay = delays[Math.min(this.#random.integer(0, delays.length - 1), this.#random.integer(0, 3))];
    this.#reserve(place, delay, count);
    return delay;
  }

  // The same for a delay that is given: refresh.
  planAgain(place, delay, count) {
    if (place.repeats || place.moment === undefined || !this.#isFree(place, delay, count, false)) return false;
    this.#reserve(place, delay, Math.max(count, 2));
    return true;
  }

  // Firings at two and four steps, and at five steps the end of it.
  planSelfRefresh(place) {
    const [delay, stop] = [2 * this.step, 5 * this.step];
    if (place.repeats || place.moment === undefined) return undefined;
    if (!this.#isFree(place, delay, 2) || !this.#isFree(place, stop, 1, false)) return undefined;
    this.#reserve(place, delay, 2);
    this.#owners.set(place.moment + stop, 'taken');
    return { delay, stop };
  }

  #planUnplanned() {
    if (!this.hasUnplanned) return undefined;
    this.hasUnplanned = false;
    return this.step / 2;
  }

  #isFree(place, delay, count, mayShare = count === 1) {
    for (let round = 1; round <= count; round++) {
      const deadline = place.moment + round * delay;
      if (deadline > LAST_DEADLINE) return false;
      const owner = this.#owners.get(deadline);
      if (owner !== undefined && !(mayShare && owner === ownerOf(place, delay))) return false;
    }
    return true;
  }

  #reserve(place, delay, count) {
    for (let round = 1; round <= count; round++) {
      this.#owners.set(place.moment + round * delay, count === 1 ? ownerOf(place, delay) : 'taken');
    }
  }
}

const ownerOf = (place, delay) => `${place.callback}/${delay}`;

let callbacks = 0;

// moment: when it runs, in milliseconds after main; undefined where that cannot be known.
// callback: which callback it is part of. repeats: whether it may run more than once.
// takes: `return` (and for async functions `await`) are meaningful directly here.
// isDeferred: the list is not performed where it is written.
export const mainPlace = () =>
  ({ moment: 0, callback: callbacks++, repeats: false, depth: 0, takes: '', isDeferred: false });

// Ops that run at once, inside the same callback.
export const inner = (place, takes = '') => ({ ...place, depth: place.depth + 1, takes, isDeferred: false });

// Ops of a callback of their own, at a moment known from the place that makes it.
export const later = (place, moment, takes = '') =>
  ({ ...place, moment, callback: callbacks++, depth: place.depth + 1, takes, isDeferred: true });

// Ops that run once, nobody knows when.
export const sometime = (place, takes = '') => later(place, undefined, takes);

// Ops that may run any number of times.
export const repeatedly = (place, takes = '') => ({ ...sometime(place, takes), repeats: true });
