// A child that is killed, and hears nothing more.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const child = storage.run('spawn', () => spawn('sleep', ['1000'], { stdio: 'ignore' }));
storage.run('listen', () => child.on('exit', (code, signal) => {
  say(`ended by SIGKILL: ${signal === 'SIGKILL'}, in ${storage.getStore()}`);
  say(`killed once more: ${child.kill()}`);
}));
storage.run('kill', () => say(`killed: ${child.kill('SIGKILL')}`));
