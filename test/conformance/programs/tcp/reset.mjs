// A client that resets its connection.
import net from 'node:net';
import { trace } from '../trace.mjs';

trace();
const socket = net.connect(Number(process.argv[2]), '127.0.0.1', () => socket.resetAndDestroy());
