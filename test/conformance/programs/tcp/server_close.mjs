// A server that closes with its first connection, which goes on.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const server = net.createServer((socket) => {
  server.close();
  socket.on('data', () => socket.destroy());
  setImmediate(() => setImmediate(() => socket.write('hello')));
});
server.listen(0, '127.0.0.1', () => say(`port ${server.address().port}`));
