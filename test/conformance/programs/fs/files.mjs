// Operations on files, one from the callback of the other.
import { readFile, stat } from 'node:fs';
import { trace } from '../trace.mjs';

trace();
readFile('/etc/passwd', () => {
  stat('/', () => {
    readFile('/nowhere', () => stat('/nowhere', () => {}));
  });
});
