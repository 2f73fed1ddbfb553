// Which destroy events are promised, and which come only when the garbage collector finds the resource.
//
// A hook of our own that followed every init would change what is measured (it would give promises ids, and
// microtasks a resource), so the kinds are learnt from what the scenario's hooks and ops see anyway.

import { executionAsyncId, executionAsyncResource } from 'node:async_hooks';
import { knowsExecutionResource } from './runtime.mjs';

const collectable = new Set();

let printsCollected = false;

export function printCollected() { printsCollected = true; }

export const isPromised = (id) => printsCollected || !collectable.has(id);

export function noteType(id, type) {
  if (type === 'PROMISE' || type === 'bound-anonymous-fn') collectable.add(id);
}

export const notePromise = (id) => { collectable.add(id); };

// A hook enabled late, or without init, has not been told the type of what runs now.
export function noteExecuting() {
  if (knowsExecutionResource && executionAsyncResource() instanceof Promise) collectable.add(executionAsyncId());
}

export function noteResource(resource, options) {
  if (!options?.requireManualDestroy) collectable.add(resource.asyncId());
}

export const noteManualDestroy = (resource) => { collectable.delete(resource.asyncId()); };
