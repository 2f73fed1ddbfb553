// Events whose awaiting is cancelled: before it begins, while it lasts, and when it is over.
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);
const chat = new EventEmitter();

async function hear(signal) {
  try {
    note(`heard ${await once(chat, 'line', { signal })}`);
  } catch {
    note('cancelled');
  }
}

const early = new AbortController();
early.abort();
await storage.run('early', () => hear(early.signal));
say(`listeners ${chat.listenerCount('line')}`);

const during = new AbortController();
const hearing = storage.run('during', () => hear(during.signal));
say(`listeners ${chat.listenerCount('line')}`);
storage.run('stopper', () => during.abort());
say(`listeners ${chat.listenerCount('line')}`);
say(`emitted ${chat.emit('line', 'to nobody')}`);
await hearing;

const late = new AbortController();
const heard = storage.run('late', () => hear(late.signal));
storage.run('emitter', () => say(`emitted ${chat.emit('line', 'hello')}`));
late.abort();
await heard;
