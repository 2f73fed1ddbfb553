// Makes what a scenario declares ahead of its ops: storages and hooks.

import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { isPromised, noteExecuting, notePromise, noteType } from './destroys.mjs';
import { hooks, printUnsupported, storages } from './names.mjs';
import { perform } from './ops.mjs';
import { isMet, meet, print, printInit } from './trace.mjs';

const EVENTS = ['init', 'before', 'after', 'destroy', 'promiseResolve'];

export function declareStorages(declarations) {
  for (const declaration of declarations ?? []) {
    if (typeof declaration === 'string') {
      storages.set(declaration, new AsyncLocalStorage());
    } else {
      const { name, default: defaultValue } = declaration;
      const storage = new AsyncLocalStorage({ name, defaultValue });
      if (storage.getStore() !== defaultValue) printUnsupported('default');
      storages.set(name, storage);
    }
  }
}

export function declareHooks(declarations) {
  for (const declaration of declarations ?? []) {
    const { name, trackPromises } = declaration;
    if (trackPromises !== undefined && !knowsTrackPromises()) printUnsupported('trackPromises');
    const options = trackPromises === undefined ? {} : { trackPromises };
    hooks.set(name, createHook({ ...callbacksOf(declaration), ...options }));
  }
}

function knowsTrackPromises() {
  try {
    createHook({ trackPromises: 'neither' });
    return false;
  } catch {
    return true;
  }
}

function callbacksOf({ name, events = EVENTS, times = Infinity, onInit, onBefore, onAfter, onDestroy, onResolve }) {
  const performer = (ops) => {
    let calls = 0;
    return () => { if (calls++ < times) perform(ops); };
  };
  const [inInit, inBefore, inAfter, inDestroy, inResolve] =
    [onInit, onBefore, onAfter, onDestroy, onResolve].map(performer);
  const all = {
    init(id, type, trigger) {
      noteType(id, type);
      printInit(name, id, type, trigger);
      inInit();
    },
    before(id) {
      noteExecuting();
      print(`${name} before ${meet(id)}`);
      inBefore();
    },
    after(id) {
      print(`${name} after ${meet(id)}`);
      inAfter();
    },
    destroy(id) {
      if (!isMet(id) || !isPromised(id)) return;
      print(`${name} destroy ${meet(id)}`);
      inDestroy();
    },
    promiseResolve(id) {
      notePromise(id);
      print(`${name} resolve ${meet(id)}`);
      inResolve();
    },
  };
  // A callback that is there counts, even if it does nothing: only those asked for may be.
  return Object.fromEntries(events.map((event) => [event, all[event]]));
}
