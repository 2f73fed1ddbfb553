// A client that writes more than the system takes at once, and ends when that is drained.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const socket = net.connect(Number(process.argv[2]), '127.0.0.1', () => {
  socket.on('drain', () => { say('drain'); socket.end(); });
  socket.write(Buffer.alloc(16 << 20), () => say('written'));
  if (socket.writableNeedDrain) say('go');
});
socket.on('data', () => {});
