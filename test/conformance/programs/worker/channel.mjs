// Messages in one direction; then the side that has received them closes, and with it the other.
import { MessageChannel } from 'node:worker_threads';
import { trace } from '../trace.mjs';

trace();
const { port1, port2 } = new MessageChannel();
port1.on('message', () => {});
port2.on('message', (message) => { if (message === 3) port2.close(); });
for (const message of [1, 2, 3]) port1.postMessage(message);
