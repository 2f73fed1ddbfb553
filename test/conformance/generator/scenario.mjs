// Builds one scenario: lists of ops, drawn by weight, within a budget for each op of main.

import { makers } from './makers.mjs';
import { Names } from './names.mjs';
import { makeHandlers, makeHooks } from './hooks.mjs';
import { Calendar, later, mainPlace, sometime } from './places.mjs';
import { chooseProfile } from './profiles.mjs';
import { Random } from './random.mjs';

const DEEPEST = 5;

// Ops that hold no other ops, for where the budget or the depth is used up.
const leaves = ['log', 'mark', 'enterWith', 'clear', 'resolve', 'call', 'enable', 'disableHook', 'emitDestroy'];

export class Builder {
  constructor(random, profile) {
    this.random = random;
    this.profile = profile;
    this.calendar = new Calendar(random);
    this.budget = 0;  // how many more ops the op of main being made may hold
    this.labels = 0;
    this.als = ['a', 'b', 'c'].slice(0, random.integer(...profile.als));
    this.hookNames = ['h', 'g', 'k'].slice(0, random.integer(...profile.hooks));
    this.timers = new Names(random, 't');
    this.promises = new Names(random, 'p');
    this.resources = new Names(random, 'r');
    this.functions = new Names(random, 'f');
    this.snapshots = new Names(random, 's');
    this.scopes = new Names(random, 'c');
    this.thenables = new Names(random, 'w');
    this.spaces = [
      this.timers, this.promises, this.resources, this.functions, this.snapshots, this.scopes, this.thenables,
    ];
    this.refreshable = [];  // { name, delay, count }: timers whose ops may run again
  }

  label(prefix = 'L') { return `${prefix}${++this.labels}`; }

  value() { return this.random.integer(1, 3); }

  list(place, low = 1, high = 4) {
    if (!place.isDeferred) return this.#list(place, low, high);
    for (const space of this.spaces) space.enterDeferred();
    const ops = this.#list(place, low, high);
    for (const space of this.spaces) space.leaveDeferred();
    return ops;
  }

  #list(place, low, high) {
    const ops = [];
    const length = this.random.integer(low, high);
    while (ops.length < length) {
      const made = this.#draw(place);
      ops.push(...made);
      const last = made.at(-1)[0];
      if (last === 'throw' || (last === 'return' && place.takes !== '')) break;  // what follows would not run
      if (last === 'await' && place.takes === 'async') place = afterAwait(place, made.at(-1));
    }
    return ops;
  }

  #draw(place) {
    if (place.depth === 0) this.budget = this.random.integer(1, 14);
    const settled = this.#drawSettling(place);
    if (settled) return [settled];
    const isFull = this.budget <= 0 || place.depth >= DEEPEST;
    this.budget--;
    for (let attempt = 0; attempt < 6; attempt++) {
      const name = isFull ? this.random.pick(leaves) : this.random.weighted(this.profile.weights);
      if (name === 'throw' && place.depth === 0 && this.random.chance(0.9)) continue;
      if (isFull && !(this.profile.weights[name] > 0)) continue;
      const made = makers[name](this, place);
      if (made) return Array.isArray(made[0]) ? made : [made];
    }
    return [makers.log(this)];
  }

  // await and return: where they count, and now and then where they are ignored.
  #drawSettling({ takes }) {
    if (takes === 'async' && this.random.chance(0.35)) return ['await', this.outcomeOr(this.value(), 0.5)];
    if (this.random.chance(takes === '' ? 0.004 : 0.12)) return ['return', this.outcomeOr(this.value(), 0.5)];
    if (takes === '' && this.random.chance(0.002)) return ['await', this.value()];
    return undefined;
  }

  // A value, or what will have one.
  outcomeOr(value, probability) {
    if (!this.random.chance(probability)) return value;
    const thenable = this.random.chance(0.25) ? this.thenables.use() : undefined;
    if (thenable !== undefined) return { thenable };
    const promise = this.promises.use();
    return promise === undefined ? value : { promise };
  }

  storages() {
    return this.als.map((name) => (this.random.chance(0.2) ? { name, default: this.random.integer(1, 9) } : name));
  }
}

function afterAwait(place, [, value]) {
  const next = typeof value === 'number' ? later(place, place.moment) : sometime(place);
  return { ...next, depth: place.depth, takes: 'async' };
}

export function generate(seed, profileName = 'all') {
  const random = new Random(`${profileName}/${seed}`);
  const builder = new Builder(random, chooseProfile(profileName, random));
  const { hooks, opening } = makeHooks(builder);
  const main = [...opening, ...builder.list(mainPlace(), 5, 16), ['log', 'end']];
  const about = `seed ${seed} of profile ${profileName}`;
  return { about, als: builder.storages(), hooks, main, ...makeHandlers(builder) };
}
