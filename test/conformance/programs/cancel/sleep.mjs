// Sleeps that are cancelled: before they begin, while they last, and when they are over.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);

async function doze(milliseconds, signal) {
  try {
    await sleep(milliseconds, undefined, { signal });
    note('slept');
  } catch {
    note('cancelled');
  }
}

const early = new AbortController();
early.abort();
storage.run('early', () => doze(100_000, early.signal));
say('called');

const during = new AbortController();
storage.run('during', () => doze(100_000, during.signal));
storage.run('stopper', () => setImmediate(() => {
  process.nextTick(() => note('tick'));
  during.abort();
  note('stopped');
  const late = new AbortController();
  storage.run('late', async () => {
    await doze(1, late.signal);
    late.abort();
    note('stopped');
  });
}));
