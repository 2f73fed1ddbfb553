// The side that has sent closes; the other does once it has received everything.
import { MessageChannel } from 'node:worker_threads';
import { trace } from '../trace.mjs';

trace();
const { port1, port2 } = new MessageChannel();
port2.on('message', () => {});
for (const message of [1, 2]) port1.postMessage(message);
port1.close();
