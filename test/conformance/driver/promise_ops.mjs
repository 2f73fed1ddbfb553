// Ops on promises, and on the foreign objects that promises take for one of theirs.

import {
  definePromise, promises, resolvers, thenables, valueIsKnown, valueOf, withNamed,
} from './names.mjs';
import { perform, performAsync, ScenarioError } from './ops.mjs';
import { print, printMissing } from './trace.mjs';

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

export const promiseOps = {
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
  thenable(name, ops) {
    thenables.set(name, {
      then(resolve, reject) {
        resolvers.set(name, { resolve, reject });
        perform(ops);
      },
    });
  },
  resolve(name, value) {
    if (!promises.has(name) && !resolvers.has(name)) return printMissing(name);
    if (valueIsKnown(value)) resolvers.get(name)?.resolve(valueOf(value));
  },
  reject(name, message) {
    if (!promises.has(name) && !resolvers.has(name)) return printMissing(name);
    resolvers.get(name)?.reject(new ScenarioError(message));
  },
  resolved(name, value) {
    if (valueIsKnown(value)) definePromise(name, Promise.resolve(valueOf(value)));
  },
  rejected: (name, message) => definePromise(name, Promise.reject(new ScenarioError(message))),
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
};
