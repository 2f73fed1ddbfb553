// The ops of the scenario language, each a function of its arguments.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { startMacrotask, startWithOthers } from './clock.mjs';
import { noteExecuting, noteManualDestroy, noteResource } from './destroys.mjs';
import { print, printLog, printMissing, printResource } from './trace.mjs';

export const storages = new Map();
export const hooks = new Map();

// One space of names for each kind of thing.
const timers = new Map();     // name -> { handle, clear, refresh }
const promises = new Map();   // name -> Promise
const resolvers = new Map();  // name -> { resolve, reject }; absent for promises that nobody can settle by name
const resources = new Map();
const functions = new Map();
const snapshots = new Map();

// Performs a list of ops. `settles` says that a promise takes the result of the list, so that `return` counts.
export function perform(ops, settles = false) {
  for (const op of ops ?? []) {
    if (op[0] === 'return' && settles) return returned(op[1]);
    performOne(op);
  }
}

function performOne([name, ...args]) {
  if (name === 'await' || name === 'return') return;  // not directly inside an op that could take them
  operations[name](...args);
}

async function performAsync(ops) {
  for (const op of ops ?? []) {
    if (op[0] === 'return') return returned(op[1]);
    if (op[0] !== 'await') {
      performOne(op);
    } else if (valueIsKnown(op[1])) {
      try {
        const value = await valueOf(op[1]);
        print(`awaited ${value}`);
      } catch (error) {
        print(`await-threw ${error.message}`);
      }
    }
  }
}

// Looks a name up and does something with what it names, or prints that it is missing.
function withNamed(space, name, action) {
  if (space.has(name)) action(space.get(name));
  else printMissing(name);
}

const isReference = (value) => typeof value === 'object' && value !== null;
const valueOf = (value) => (isReference(value) ? promises.get(value.promise) : value);

function valueIsKnown(value) {
  if (!isReference(value) || promises.has(value.promise)) return true;
  printMissing(value.promise);
  return false;
}

function returned(value) {
  return valueIsKnown(value) ? valueOf(value) : undefined;
}

// Defines a promise that has no resolver, in place of any older one of that name.
function definePromise(name, promise) {
  promises.set(name, promise);
  resolvers.delete(name);
}

const onValue = (ops) => (value) => {
  print(`value ${value}`);
  return perform(ops, true);
};

const onError = (ops) => (error) => {
  print(`error ${error.message}`);
  return perform(ops, true);
};

function combine(combinator) {
  return (sources, name) => {
    const missing = sources.find((source) => !promises.has(source));
    if (missing !== undefined) return printMissing(missing);
    definePromise(name, combinator(sources.map((source) => promises.get(source))));
  };
}

function defineTimer(name, timer) {
  if (name !== undefined) timers.set(name, timer);
}

const operations = {
  log(label) {
    noteExecuting();
    printLog(label, storages);
  },
  mark: (label) => print(`mark ${label}`),

  run: (als, store, ops) => withNamed(storages, als, (storage) => storage.run(store, () => { perform(ops); })),
  exit: (als, ops) => withNamed(storages, als, (storage) => storage.exit(() => { perform(ops); })),
  enterWith: (als, store) => withNamed(storages, als, (storage) => storage.enterWith(store ?? undefined)),
  disable: (als) => withNamed(storages, als, (storage) => storage.disable()),

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
  unref: (name) => withNamed(timers, name, ({ handle }) => handle.unref()),

  promise(name, ops) {
    let resolver;
    const promise = new Promise((resolve, reject) => {
      resolver = { resolve, reject };
      resolvers.set(name, resolver);
      perform(ops);
    });
    promises.set(name, promise);
    resolvers.set(name, resolver);
  },
  resolve(name, value) {
    if (!promises.has(name) && !resolvers.has(name)) return printMissing(name);
    if (valueIsKnown(value)) resolvers.get(name)?.resolve(valueOf(value));
  },
  reject(name, message) {
    if (!promises.has(name) && !resolvers.has(name)) return printMissing(name);
    resolvers.get(name)?.reject(new Error(message));
  },
  resolved(name, value) {
    if (valueIsKnown(value)) definePromise(name, Promise.resolve(valueOf(value)));
  },
  rejected: (name, message) => definePromise(name, Promise.reject(new Error(message))),
  then: (source, name, ops) => withNamed(promises, source, (promise) => {
    definePromise(name, promise.then(onValue(ops)));
  }),
  then2: (source, name, ops, errorOps) => withNamed(promises, source, (promise) => {
    definePromise(name, promise.then(onValue(ops), onError(errorOps)));
  }),
  catch: (source, name, ops) => withNamed(promises, source, (promise) => {
    definePromise(name, promise.catch(onError(ops)));
  }),
  finally: (source, name, ops) => withNamed(promises, source, (promise) => {
    definePromise(name, promise.finally(() => perform(ops, true)));
  }),
  all: combine((list) => Promise.all(list)),
  race: combine((list) => Promise.race(list)),
  any: combine((list) => Promise.any(list)),
  allSettled: combine((list) => Promise.allSettled(list)),
  async: (name, ops) => definePromise(name, performAsync(ops)),

  throw(message) { throw new Error(message); },
  try(ops) {
    try {
      perform(ops);
    } catch (error) {
      print(`caught ${error.message}`);
    }
  },

  resource(name, type, options) {
    const resource = new AsyncResource(type, options);
    noteResource(resource, options);
    printResource(name, resource);
    resources.set(name, resource);
  },
  scope: (name, ops) => withNamed(resources, name, (resource) => {
    resource.runInAsyncScope(() => { perform(ops); });
  }),
  emitDestroy: (name) => withNamed(resources, name, (resource) => {
    noteManualDestroy(resource);
    resource.emitDestroy();
  }),
  bindResource: (resourceName, name, ops) => withNamed(resources, resourceName, (resource) => {
    functions.set(name, resource.bind(() => { perform(ops); }));
  }),
  // The functions have no name of their own, so that their resources are `bound-anonymous-fn`.
  bind: (name, ops) => functions.set(name, AsyncResource.bind(() => { perform(ops); })),
  alsBind: (name, ops) => functions.set(name, AsyncLocalStorage.bind(() => { perform(ops); })),
  call: (name) => withNamed(functions, name, (bound) => bound()),
  snapshot: (name) => snapshots.set(name, AsyncLocalStorage.snapshot()),
  inSnapshot: (name, ops) => withNamed(snapshots, name, (snapshot) => snapshot(() => { perform(ops); })),

  enable: (name) => withNamed(hooks, name, (hook) => hook.enable()),
  disableHook: (name) => withNamed(hooks, name, (hook) => hook.disable()),
};
