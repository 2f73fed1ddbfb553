// In which context the callbacks of a connection run. Its ends are in one process: the order is left out.
import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import { say } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const seen = new Set();
const note = (place) => seen.add(`${place}: ${storage.getStore() ?? 'none'}`);

const server = storage.run('server made', () => net.createServer({ allowHalfOpen: true }, (socket) => {
  note('connection');
  storage.run('connection', () => {
    socket.on('data', () => {
      note('accepted data');
      storage.run('accepted data', () => socket.write('pong', () => note('accepted write')));
    });
    socket.on('end', () => { note('accepted end'); socket.end(); });
    socket.on('close', () => { note('accepted close'); server.close(); });
  });
}));
storage.run('listen', () => server.listen(0, '127.0.0.1', connect));

function connect() {
  const socket = storage.run('connect', () => net.connect(server.address().port, '127.0.0.1', () => {
    note('connected');
    storage.run('connected', () => socket.write(Buffer.alloc(16 << 20), () => note('large write')));
  }));
  storage.run('client', () => {
    socket.on('data', () => { note('client data'); socket.end(); });
    socket.on('end', () => note('client end'));
    socket.on('close', () => note('client close'));
  });
}

process.on('exit', () => [...seen].sort().forEach(say));
