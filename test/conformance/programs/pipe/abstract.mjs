// A client of an abstract name that has nothing to say, and listens all the same.
import net from 'node:net';
import { trace } from '../trace.mjs';

trace();
const options = { path: `\0${process.argv[2]}`, allowHalfOpen: true };
const socket = net.connect(options, () => socket.end());
socket.on('data', () => {});
