// A child without pipes, and one that cannot be started.
import { spawn } from 'node:child_process';
import { trace } from '../trace.mjs';

trace();
spawn('true', [], { stdio: 'ignore' }).on('exit', () => {
  spawn('/nowhere', [], { stdio: 'ignore' }).on('error', () => {});
});
