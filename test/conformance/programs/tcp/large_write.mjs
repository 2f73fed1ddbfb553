// A client that writes more than the system takes at once.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const socket = net.connect(Number(process.argv[2]), '127.0.0.1', () => {
  socket.write(Buffer.alloc(16 << 20), () => socket.end());
  say('go');
});
socket.on('data', () => {});
