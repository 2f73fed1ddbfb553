// A client that writes two parts, more than the system takes at once, as one write.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const socket = net.connect(Number(process.argv[2]), '127.0.0.1', () => {
  socket.cork();
  socket.write(Buffer.alloc(8 << 20));
  socket.write(Buffer.alloc(8 << 20), () => socket.end());
  socket.uncork();
  say('go');
});
socket.on('data', () => {});
