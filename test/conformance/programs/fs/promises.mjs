// The same operations with callbacks and with promises, each in the context of its call.
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp, rmdir, stat } from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);
const prefix = join(tmpdir(), 'contrail-');

storage.run('callbacks', () => mkdtemp(prefix, (_, top) => {
  note('made');
  storage.run('deeper', () => stat(join(top, 'none'), (error) => {
    note(error.code);
    rmdir(top, () => {
      note('removed');
      storage.run('promises', withPromises);
    });
  }));
}));

async function withPromises() {
  const top = await promises.mkdtemp(prefix);
  note('made');
  await storage.run('deeper', async () => {
    try { await promises.stat(join(top, 'none')); } catch (error) { note(error.code); }
  });
  await promises.rmdir(top);
  note('removed');
}
