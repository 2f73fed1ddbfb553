// In which context a change is told, and the end of its watcher.
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { say } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const note = (place) => say(`${place}: ${storage.getStore() ?? 'none'}`);
const dir = fs.mkdtempSync(`${tmpdir()}/contrail-`);
const watcher = storage.run('made', () => fs.watch(dir));
storage.run('listening', () => {
  watcher.on('change', () => {
    note('change');
    fs.rmdirSync(`${dir}/entry`);
    storage.run('closing', () => watcher.close());
  });
  watcher.on('close', () => { note('close'); fs.rmdirSync(dir); });
});
storage.run('making', () => fs.mkdirSync(`${dir}/entry`));
