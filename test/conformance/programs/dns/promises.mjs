// Names and the way back, awaited one after the other.
import { AsyncLocalStorage } from 'node:async_hooks';
import dns from 'node:dns/promises';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);

await storage.run('awaiting', async () => {
  note((await dns.lookup('localhost', { family: 4 })).address);
  note((await dns.lookup('127.0.0.1')).address);
  try { await dns.lookup('contrail.invalid'); } catch { note('not found'); }
  const { hostname, service } = await storage.run('back', () => dns.lookupService('127.0.0.1', 80));
  note(`${hostname} ${service}`);
});
