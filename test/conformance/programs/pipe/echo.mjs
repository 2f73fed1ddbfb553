// A server at a path that gives back what it gets, once.
import net from 'node:net';
import { say, trace } from '../trace.mjs';

trace();
const server = net.createServer((socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('close', () => server.close());
});
server.listen(`${process.argv[2]}.server`, () => say(`port ${server.address()}`));
