// In which context signals are heard.
import { AsyncLocalStorage } from 'node:async_hooks';
import { say } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const note = (place) => say(`${place}: ${storage.getStore() ?? 'none'}`);
const alive = setInterval(() => {}, 1000);
storage.run('first', () => process.once('SIGUSR2', () => {
  note('once');
  storage.run('handler', () => process.kill(process.pid, 'SIGHUP'));
}));
storage.run('second', () => process.on('SIGHUP', () => { note('on'); clearInterval(alive); }));
storage.run('raised', () => process.kill(process.pid, 'SIGUSR2'));
