// A client that sends back what it gets, and ends when that ends.
import net from 'node:net';
import { trace } from '../trace.mjs';

process.stdout; // pipe() looks at it, and what it is depends on who runs this.
trace();
const options = { port: Number(process.argv[2]), host: '127.0.0.1', allowHalfOpen: true };
const socket = net.connect(options, () => socket.pipe(socket));
