// A client that nobody listens to.
import net from 'node:net';
import { trace } from '../trace.mjs';

trace();
net.connect(Number(process.argv[2]), '127.0.0.1').on('error', () => {});
