// What listeners hear, in which order, and as whom.
import { AsyncLocalStorage, AsyncResource, executionAsyncId } from 'node:async_hooks';
import { EventEmitter, EventEmitterAsyncResource, once } from 'node:events';
import { say, trace } from '../trace.mjs';

trace();

const plain = new EventEmitter();
plain.on('newListener', (event) => say(`new ${event}, of ${plain.listenerCount('a')}`));
plain.on('removeListener', (event) => say(`removed ${event}, of ${plain.listenerCount('a')}`));
const first = (text) => say(`first ${text}`);
plain.on('a', first);
plain.once('a', (text) => say(`once ${text}, of ${plain.listenerCount('a')}`));
plain.prependListener('a', (text) => say(`ahead ${text}`));
plain.prependOnceListener('a', (text) => say(`once ahead ${text}`));
say(`emitted ${plain.emit('a', 1)}`);
say(`emitted ${plain.emit('a', 2)}`);
say(`emitted ${plain.emit('b', 2)}`);
plain.off('a', first);
plain.once('a', () => plain.on('a', (text) => say(`added meanwhile ${text}`)));
plain.emit('a', 3);
plain.emit('a', 4);
let depth = 0;
plain.on('a', (text) => { if (depth++ < 1) plain.emit('a', `inside ${text}`); });
plain.once('a', (text) => say(`once, reentrant ${text}`));
plain.emit('a', 5);
plain.removeAllListeners('a');
plain.prependListener('a', () => { throw new Error('thrown'); });
try { plain.emit('a', 6); } catch (error) { say(`caught ${error.message}`); }
try { plain.emit('error', new Error('unheard')); } catch (error) { say(`caught ${error.message}`); }
plain.removeAllListeners();
say(`names ${plain.eventNames().length}`);

const storage = new AsyncLocalStorage();
storage.run('adder', () => plain.on('a', () => say(`plain in ${storage.getStore()}`)));
const query = storage.run('maker', () => new EventEmitterAsyncResource({ name: 'Query' }));
query.on('row', () => {
  say(`row in ${storage.getStore()}, as itself: ${executionAsyncId() === query.asyncId}`);
});
query.on('row', () => new AsyncResource('Query'));
query.on('bad', () => { throw new Error('bad row'); });
storage.run('emitter', () => {
  plain.emit('a');
  query.emit('row');
  query.emit('nothing');
  try { query.emit('bad'); } catch (error) { say(`caught ${error.message} in ${storage.getStore()}`); }
  query.emitDestroy();
  query.emit('row');
});

const waiting = storage.run('waiter', async () => {
  say(`next ${await once(plain, 'c')} in ${storage.getStore()}`);
  try { await once(plain, 'c'); } catch (error) { say(`failed ${error.message} in ${storage.getStore()}`); }
  say(`listeners ${plain.listenerCount('c')}, ${plain.listenerCount('error')}`);
});
plain.emit('c', 'one');
setTimeout(() => plain.emit('error', new Error('while waiting')), 1);
await waiting;
