// A file that is looked at before it exists, when it does, and when it is gone; in which context.
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { say, trace } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const dir = fs.mkdtempSync(`${tmpdir()}/contrail-`);
const file = `${dir}/file`;
trace();
let step = 0;
storage.run('watcher', () => fs.watchFile(file, { interval: 20 }, (current, previous) => {
  say(`${previous.nlink} to ${current.nlink} in ${storage.getStore() ?? 'none'}`);
  if (++step === 1) {
    fs.writeFileSync(`${dir}/prepared`, 'text');
    fs.renameSync(`${dir}/prepared`, file);
  } else if (step === 2) {
    fs.unlinkSync(file);
  } else {
    fs.unwatchFile(file);
    fs.rmdirSync(dir);
  }
}));
