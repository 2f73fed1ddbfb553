// In which context, and caused by whom, the callbacks of a socket run that talks to itself.
import { AsyncLocalStorage, createHook, executionAsyncId, triggerAsyncId } from 'node:async_hooks';
import dgram from 'node:dgram';
import { say } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const types = new Map();
createHook({ init(id, type) { types.set(id, type); } }).enable();
const name = (id) => types.get(id) ?? 'program';
const note = (what) =>
  say(`${what}: ${storage.getStore()}, in ${name(executionAsyncId())} by ${name(triggerAsyncId())}`);

const socket = storage.run('made', () => dgram.createSocket('udp4'));
storage.run('listening', () => socket.on('message', () => {
  note('message');
  storage.run('closing', () => socket.close(() => note('closed')));
}));
storage.run('bind', () => socket.bind(0, '127.0.0.1', () => {
  const { port } = socket.address();
  storage.run('too much', () => socket.send(Buffer.alloc(65508), port, '127.0.0.1', (error) => {
    note(error.code);
    storage.run('send', () => socket.send('ping', port, '127.0.0.1', () => note('sent')));
  }));
}));
