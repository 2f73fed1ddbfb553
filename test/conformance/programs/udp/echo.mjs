// A socket that gives back what it gets, once, and one that asks it to.
import dgram from 'node:dgram';
import { trace } from '../trace.mjs';

trace();
const server = dgram.createSocket('udp4');
const client = dgram.createSocket('udp4');
server.on('message', (message, from) => {
  server.send(message, from.port, from.address, () => server.close());
});
client.on('message', () => client.close());
server.bind(0, '127.0.0.1', () => {
  client.bind(0, '127.0.0.1', () => client.send('ping', server.address().port, '127.0.0.1', () => {}));
});
