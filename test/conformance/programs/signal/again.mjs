// A signal that is heard twice; then its listener is replaced inside itself, and the new one hears a third.
import { trace } from '../trace.mjs';

trace();
const alive = setInterval(() => {}, 1000);
const raise = () => process.kill(process.pid, 'SIGUSR2');
let heard = 0;
process.on('SIGUSR2', function listener() {
  if (++heard === 2) {
    process.off('SIGUSR2', listener);
    process.once('SIGUSR2', () => clearInterval(alive));
  }
  raise();
});
raise();
