// A file that is opened, read, looked at and closed.
import { open } from 'node:fs/promises';
import { trace } from '../trace.mjs';

trace();
const file = await open('/etc/passwd');
await file.read(Buffer.alloc(4), 0, 4, 0);
await file.stat();
await file.close();
