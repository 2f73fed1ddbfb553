// The trace: lines in memory, with normalised ids. Nothing here makes an async resource.

import { executionAsyncId, triggerAsyncId } from 'node:async_hooks';

const lines = [];
const metIds = new Map([[0, '0'], [1, '1']]);
let nextNumber = 3;

export function meet(id) {
  let name = metIds.get(id);
  if (name === undefined) {
    name = `#${nextNumber++}`;
    metIds.set(id, name);
  }
  return name;
}

export const isMet = (id) => metIds.has(id);

// Called first thing inside main: whatever its ids are, they have names from now on. A runtime that has no ids says 0.
export function nameMain() {
  for (const [id, name] of [[executionAsyncId(), 'main'], [triggerAsyncId(), 'boot']]) {
    if (!metIds.has(id)) metIds.set(id, name);
  }
}

export const print = (line) => { lines.push(line); };

export const text = () => lines.map((line) => `${line}\n`).join('');

export function printMissing(name) { print(`missing ${name}`); }

export function printInit(hook, id, type, trigger) {
  const metId = meet(id);
  const metTrigger = meet(trigger);
  print(`${hook} init ${metId} ${type} trigger=${metTrigger} exec=${meet(executionAsyncId())}`);
}

export function printLog(label, storages) {
  const exec = meet(executionAsyncId());
  const trigger = meet(triggerAsyncId());
  print(`log ${label} exec=${exec} trigger=${trigger}${stores(storages)}`);
}

// Deno's resources do not know their trigger.
export function printResource(name, resource) {
  const id = meet(resource.asyncId());
  const trigger = resource.triggerAsyncId ? meet(resource.triggerAsyncId()) : 'unsupported';
  print(`resource ${name} id=${id} trigger=${trigger}`);
}

export function printUncaught(error, origin, storages) {
  print(`uncaught ${error.message} origin=${origin} exec=${meet(executionAsyncId())}${stores(storages)}`);
}

export function printUnhandled(error, storages) {
  print(`unhandled ${error.message} exec=${meet(executionAsyncId())}${stores(storages)}`);
}

function stores(storages) {
  let result = '';
  for (const [name, storage] of storages) {
    const store = storage.getStore();
    result += ` ${name}=${store === undefined ? '-' : store}`;
  }
  return result;
}
