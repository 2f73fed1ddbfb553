// bench/context.cc and bench/resources.cc in Node.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { measure } from './measure.mjs';

const empty = () => {};

function within(storages, work) {
  if (storages.length === 0) return work();
  return storages[0].run({}, () => within(storages.slice(1), work));
}

const some = (count) => Array.from({ length: count }, () => new AsyncLocalStorage());

for (const count of [1, 8]) {
  const storages = some(count);
  within(storages, () => measure(`get_store.${count}`, 1e6, (n) => {
    for (let i = 0; i < n; i += 1) storages[count - 1].getStore();
  }));
}
for (const count of [0, 1, 4]) {
  const storage = new AsyncLocalStorage();
  within(some(count), () => measure(`run.${count}`, 1e5, (n) => {
    for (let i = 0; i < n; i += 1) storage.run(i, empty);
  }));
}
measure('resource', 1e5, (n) => {
  for (let i = 0; i < n; i += 1) new AsyncResource('QUERY');
});
const resource = new AsyncResource('QUERY');
measure('run_in_async_scope', 1e6, (n) => {
  for (let i = 0; i < n; i += 1) resource.runInAsyncScope(empty);
});
