// A server that gives back what it gets, once.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const server = net.createServer((socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('close', () => server.close());
});
server.listen(0, '127.0.0.1', () => say(`port ${server.address().port}`));
