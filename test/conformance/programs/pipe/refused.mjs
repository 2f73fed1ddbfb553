// A client of a path that nobody listens to.
import net from 'node:net';
import { trace } from '../trace.mjs';

trace();
net.connect(process.argv[2]).on('error', () => {});
