// Ops on timers and immediates, ticks and microtasks.

import { startMacrotask, startWithOthers } from './clock.mjs';
import { defineTimer, timers, withNamed } from './names.mjs';
import { perform } from './ops.mjs';
import { meet, print } from './trace.mjs';

// Timers do not tell their ids in public, except a Timeout that is used as a key.
function asyncIdOf(handle) {
  const symbol = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'asyncId');
  if (symbol === undefined) throw new TypeError('this runtime does not number its timers');
  return handle[symbol];
}

export const taskOps = {
  timeout(delay, ops, name) {
    const handle = setTimeout(() => {
      startMacrotask();
      perform(ops);
    }, delay);
    startWithOthers(handle);
    defineTimer(name, { handle, clear: clearTimeout, refresh: true });
  },
  interval(delay, count, ops, name) {
    let calls = 0;
    const handle = setInterval(() => {
      startMacrotask();
      if (++calls === count) clearInterval(handle);
      perform(ops);
    }, delay);
    startWithOthers(handle);
    defineTimer(name, { handle, clear: clearInterval, refresh: true });
  },
  immediate(ops, name) {
    const handle = setImmediate(() => {
      startMacrotask();
      perform(ops);
    });
    defineTimer(name, { handle, clear: clearImmediate, refresh: false });
  },
  nextTick: (ops) => process.nextTick(() => { perform(ops); }),
  microtask: (ops) => queueMicrotask(() => { perform(ops); }),
  clear: (name) => withNamed(timers, name, ({ handle, clear }) => clear(handle)),
  refresh: (name) => withNamed(timers, name, ({ handle, refresh }) => {
    if (!refresh) return;
    handle.refresh();
    startWithOthers(handle);
  }),
  ref: (name) => withNamed(timers, name, ({ handle }) => handle.ref()),
  unref: (name) => withNamed(timers, name, ({ handle }) => handle.unref()),
  hasRef: (name) => withNamed(timers, name, ({ handle }) => print(`hasRef ${name} ${handle.hasRef()}`)),
  timerId: (name) => withNamed(timers, name, ({ handle }) => print(`id ${name} ${meet(asyncIdOf(handle))}`)),
};
