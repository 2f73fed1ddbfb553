// Performs ops: each is a function of its arguments.

import { contextOps } from './context_ops.mjs';
import { noteExecuting } from './destroys.mjs';
import { printUnsupported, storages, valueIsKnown, valueOf } from './names.mjs';
import { promiseOps } from './promise_ops.mjs';
import { resourceOps } from './resource_ops.mjs';
import { taskOps } from './task_ops.mjs';
import { print, printLog } from './trace.mjs';

// What the op `throw` throws, and what rejects promises.
export class ScenarioError extends Error {}

// Performs a list of ops. `settles` says that a promise takes the result of the list, so that `return` counts.
export function perform(ops, settles = false) {
  for (const op of ops ?? []) {
    if (op[0] === 'return' && settles) return returned(op[1]);
    performOne(op);
  }
}

export async function performAsync(ops) {
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

function performOne([name, ...args]) {
  if (name === 'await' || name === 'return') return;  // not directly inside an op that could take them
  if (!Object.hasOwn(operations, name)) return printUnsupported(name);
  try {
    operations[name](...args);
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    // Not the scenario's doing: this runtime has no such function, or only the name of one.
    printUnsupported(name);
  }
}

function returned(value) {
  return valueIsKnown(value) ? valueOf(value) : undefined;
}

const operations = {
  ...contextOps,
  ...taskOps,
  ...promiseOps,
  ...resourceOps,

  log(label) {
    noteExecuting();
    printLog(label, storages);
  },
  mark: (label) => print(`mark ${label}`),
  throw(message) { throw new ScenarioError(message); },
  try(ops) {
    try {
      perform(ops);
    } catch (error) {
      print(`caught ${error.message}`);
    }
  },
  repeat(times, ops) {
    for (let i = 0; i < times; i++) perform(ops);
  },
};
