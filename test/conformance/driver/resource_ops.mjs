// Ops on AsyncResource, bound functions and hooks.

import { AsyncResource, executionAsyncResource } from 'node:async_hooks';
import { noteManualDestroy, noteResource } from './destroys.mjs';
import { functions, hooks, printUnsupported, promises, resources, timers, withNamed } from './names.mjs';
import { perform } from './ops.mjs';
import { knowsExecutionResource } from './runtime.mjs';
import { print, printResource } from './trace.mjs';

const spaces = { timer: timers, promise: promises, resource: resources };

export const resourceOps = {
  resource(name, type, options) {
    const resource = new AsyncResource(type, options);
    resources.set(name, resource);
    noteResource(resource, options);
    printResource(name, resource);
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
  // The function has no name of its own, so that its resource is a `bound-anonymous-fn`.
  bind: (name, ops) => functions.set(name, AsyncResource.bind(() => { perform(ops); })),
  bindTyped: (name, type, ops) => functions.set(name, AsyncResource.bind(() => { perform(ops); }, type)),
  call: (name) => withNamed(functions, name, (bound) => bound()),
  executing: (kind, name) => withNamed(spaces[kind], name, (named) => {
    if (!knowsExecutionResource) return printUnsupported('executing');
    const resource = kind === 'timer' ? named.handle : named;
    print(`executing ${name} ${executionAsyncResource() === resource}`);
  }),

  enable: (name) => withNamed(hooks, name, (hook) => hook.enable()),
  disableHook: (name) => withNamed(hooks, name, (hook) => hook.disable()),
};
