// A terminal, read until a line was typed; in which context.
import { AsyncLocalStorage } from 'node:async_hooks';
import tty from 'node:tty';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (place) => say(`${place}: ${storage.getStore() ?? 'none'}`);
const terminal = storage.run('made', () => new tty.ReadStream(0));
storage.run('listening', () => {
  terminal.on('data', (chunk) => { note(`typed ${String(chunk).trim()}`); terminal.destroy(); });
  terminal.on('close', () => note('closed'));
});
say('go');
