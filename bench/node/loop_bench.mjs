// bench/tasks.cc, bench/timers.cc and bench/promises.cc in Node.
import { measure, measureLater } from './measure.mjs';

// Schedules count callables in batches of a thousand; the last of a batch starts the next one.
const inBatches = (schedule) => (count) => new Promise((done) => {
  let left = count;
  const ran = () => {
    left -= 1;
    if (left % 1000 === 0) left === 0 ? done() : batch();
  };
  const batch = () => { for (let i = 0; i < 1000; i += 1) schedule(ran); };
  batch();
});

await measureLater('tick', 1e5, inBatches((fn) => process.nextTick(fn)));
await measureLater('microtask', 1e5, inBatches((fn) => queueMicrotask(fn)));
await measureLater('immediate', 1e5, inBatches((fn) => setImmediate(fn)));

await measureLater('timeout', 1e6, (count) => new Promise((done) => {
  let left = count;
  const fired = () => { left -= 1; if (left === 0) done(); };
  for (let i = 0; i < count; i += 1) setTimeout(fired, 1);
}));
measure('timeout.clear', 1e5, (count) => {
  for (let i = 0; i < count; i += 1) clearTimeout(setTimeout(() => {}, 1000));
});

const resolved = Promise.resolve(1);
await measureLater('then', 1e5, inBatches((fn) => { resolved.then(fn); }));
await measureLater('await', 1e5, async (count) => {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += await resolved;
  return sum;
});
