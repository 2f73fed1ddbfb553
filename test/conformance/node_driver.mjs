// Runs one scenario on a JavaScript runtime and prints its trace.
//
//   node node_driver.mjs [--gc-destroy] FILE      (FILE may be - for standard input)
//
// The driver makes no async resource of its own while the scenario runs: no console, no promise, no stream. Lines
// stay in memory until the process exits.

import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { readFileSync, writeSync } from 'node:fs';
import { startMacrotask } from './driver/clock.mjs';
import { dependsOnCollector, noteExecuting, notePromise, noteType } from './driver/destroys.mjs';
import { hooks, perform, storages } from './driver/ops.mjs';
import { isMet, meet, nameMain, print, printInit, printUncaught, text } from './driver/trace.mjs';

const EVENTS = ['init', 'before', 'after', 'destroy', 'promiseResolve'];

// Nobody reads the stacks, and making them takes time that deadlines would notice.
Error.stackTraceLimit = 0;

const args = process.argv.slice(2);
const printsCollected = args.includes('--gc-destroy');
const file = args.at(-1);
const scenario = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));

for (const name of scenario.als ?? []) storages.set(name, new AsyncLocalStorage());
for (const hook of scenario.hooks ?? []) hooks.set(hook.name, createHook(callbacksOf(hook)));

function callbacksOf({ name, events = EVENTS, onInit }) {
  const all = {
    init(id, type, trigger) {
      noteType(id, type);
      printInit(name, id, type, trigger);
      perform(onInit);
    },
    before(id) {
      noteExecuting();
      print(`${name} before ${meet(id)}`);
    },
    after(id) { print(`${name} after ${meet(id)}`); },
    destroy(id) {
      if (!isMet(id) || (dependsOnCollector(id) && !printsCollected)) return;
      print(`${name} destroy ${meet(id)}`);
    },
    promiseResolve(id) {
      notePromise(id);
      print(`${name} resolve ${meet(id)}`);
    },
  };
  // A callback that is there counts, even if it does nothing: only those asked for may be.
  return Object.fromEntries(events.map((event) => [event, all[event]]));
}

process.on('uncaughtException', (error, origin) => {
  noteExecuting();
  printUncaught(error, origin, storages);
});

// Without a listener Node would warn, from a tick that hooks see.
process.on('rejectionHandled', () => {});

process.on('exit', () => {
  const bytes = Buffer.from(text());
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;  // a full pipe that does not block: try again
    }
  }
});

// Two immediates away from start-up, none of its resources is left to show up in the trace.
setImmediate(() => setImmediate(() => {
  startMacrotask();
  nameMain();
  perform(scenario.main);
}));
