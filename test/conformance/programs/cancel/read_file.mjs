// Files whose reading is cancelled: before it begins, when it is over, and while it lasts.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);
const read = (signal) => new Promise((resolve) => {
  readFile('/etc/passwd', { signal }, (error) => {
    note(error ? 'cancelled' : 'read');
    resolve();
  });
});

const early = new AbortController();
early.abort();
await storage.run('early', () => read(early.signal));

const late = new AbortController();
await storage.run('late', () => read(late.signal));
late.abort();
say('stopped');

const during = new AbortController();
const reading = storage.run('during', () => read(during.signal));
storage.run('stopper', () => during.abort());
await reading;
