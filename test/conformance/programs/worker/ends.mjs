// A worker that ends, then one that fails, started by the end of the first. Ports are left out: a worker of Node's has
// five of its own.
import { Worker } from 'node:worker_threads';
import { trace } from '../trace.mjs';

trace({ hidden: 'MESSAGEPORT' });
new Worker('', { eval: true, stdout: true, stderr: true }).on('exit', () => {
  new Worker('throw new Error("no")', { eval: true, stdout: true, stderr: true }).on('error', () => {});
});
