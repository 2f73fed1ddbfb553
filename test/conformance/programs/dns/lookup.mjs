// Names, a literal, a name that nobody knows, and the way back: one after the other, in contexts of their own.
import { AsyncLocalStorage } from 'node:async_hooks';
import dns from 'node:dns';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);

storage.run('name', () => dns.lookup('localhost', { family: 4 }, (error, address) => {
  note(address);
  storage.run('literal', () => dns.lookup('127.0.0.1', (error, address) => {
    note(address);
    storage.run('number', () => dns.lookup('127.1', (error, address) => {
      note(address);
      storage.run('nobody', () => dns.lookup('contrail.invalid', (error) => {
        note(error ? 'not found' : 'found');
        storage.run('back', () => dns.lookupService('127.0.0.1', 80, (error, host) => {
          note(host);
          storage.run('not text', () => dns.lookup('\ud800', (error) => note(error.code)));
        }));
      }));
    }));
  }));
}));
