// Runs one scenario on a JavaScript runtime and prints its trace.
//
//   node node_driver.mjs [--gc-destroy] FILE      (FILE may be - for standard input)
//
// The driver makes no async resource of its own while the scenario runs: no console, no promise, no stream. Lines
// stay in memory until the process exits. It needs nothing but modules of Node that Bun and Deno have, too; what a
// runtime cannot do leaves a line `unsupported OP`.

import { readFileSync, writeSync } from 'node:fs';
import { startMacrotask } from './driver/clock.mjs';
import { declareHooks, declareStorages } from './driver/declarations.mjs';
import { noteExecuting, printCollected } from './driver/destroys.mjs';
import { storages } from './driver/names.mjs';
import { perform } from './driver/ops.mjs';
import { nameMain, printUncaught, printUnhandled, text } from './driver/trace.mjs';

// Nobody reads the stacks, and making them takes time that deadlines would notice.
Error.stackTraceLimit = 0;

const args = process.argv.slice(2);
if (args.includes('--gc-destroy')) printCollected();
const file = args.at(-1);
const scenario = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));

declareStorages(scenario.als);
declareHooks(scenario.hooks);

let uncaught = 0;
process.on('uncaughtException', (error, origin) => {
  noteExecuting();
  printUncaught(error, origin, storages);
  if (++uncaught === 1) perform(scenario.onUncaught);
});

if (scenario.onUnhandled !== undefined) {
  process.on('unhandledRejection', (error) => {
    noteExecuting();
    printUnhandled(error, storages);
    perform(scenario.onUnhandled);
  });
}

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
