// Ops on AsyncLocalStorage.

import { AsyncLocalStorage } from 'node:async_hooks';
import { functions, scopes, snapshots, storages, withNamed } from './names.mjs';
import { perform } from './ops.mjs';

export const contextOps = {
  run: (als, store, ops) => withNamed(storages, als, (storage) => storage.run(store, () => { perform(ops); })),
  exit: (als, ops) => withNamed(storages, als, (storage) => storage.exit(() => { perform(ops); })),
  enterWith: (als, store) => withNamed(storages, als, (storage) => storage.enterWith(store ?? undefined)),
  disable: (als) => withNamed(storages, als, (storage) => storage.disable()),

  withScope: (als, store, ops) => withNamed(storages, als, (storage) => {
    const scope = storage.withScope(store);
    try {
      perform(ops);
    } finally {
      scope.dispose();
    }
  }),
  openScope: (als, store, name) => withNamed(storages, als, (storage) => {
    scopes.set(name, storage.withScope(store));
  }),
  closeScope: (name) => withNamed(scopes, name, (scope) => scope.dispose()),

  // The function has no name of its own, so that its resource is a `bound-anonymous-fn`.
  alsBind: (name, ops) => functions.set(name, AsyncLocalStorage.bind(() => { perform(ops); })),
  snapshot: (name) => snapshots.set(name, AsyncLocalStorage.snapshot()),
  inSnapshot: (name, ops) => withNamed(snapshots, name, (snapshot) => snapshot(() => { perform(ops); })),
};
