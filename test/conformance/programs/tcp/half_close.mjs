// A client that has nothing to say, and listens all the same.
import net from 'node:net';
import { trace } from '../trace.mjs';

trace();
const options = { port: Number(process.argv[2]), host: '127.0.0.1', allowHalfOpen: true };
const socket = net.connect(options, () => socket.end());
socket.on('data', () => {});
