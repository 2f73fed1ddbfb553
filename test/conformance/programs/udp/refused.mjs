// A socket that is connected to where nobody is: the first send succeeds, and then the socket hears of it.
import dgram from 'node:dgram';
import { say, trace } from '../trace.mjs';

trace();
const socket = dgram.createSocket('udp4');
socket.on('error', (error) => {
  say(error.code);
  socket.close();
});
const gone = dgram.createSocket('udp4');
gone.bind(0, '127.0.0.1', () => {
  const { port } = gone.address();
  gone.close(() => setImmediate(() => {
    socket.connect(port, '127.0.0.1', () => socket.send('ping', (error) => say(error ? 'failed' : 'sent')));
  }));
});
