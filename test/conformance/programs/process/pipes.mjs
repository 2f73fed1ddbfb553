// A child that says something on each of its outputs and closes it, then ends with a code. Each step waits for the
// one before, as everything that ends at once ends in the kernel's order.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { say, trace } from '../trace.mjs';

trace();
const storage = new AsyncLocalStorage();
const note = (what) => say(`${what} in ${storage.getStore()}`);

storage.run('spawn', () => {
  const command = 'read a; echo "out $a"; exec >&-; read b; echo "err $b" >&2; exec 2>&-; read c; exit 7';
  const child = spawn(command, { shell: '/bin/sh' });
  const input = child.stdin;
  child.stdin = null; // Or Node closes it ahead of 'exit'.
  child.on('exit', (code, signal) => {
    note(`exit ${code} ${signal ?? 'none'}`);
    input.destroy();
  });
  // Node's pipes go both ways, and would be shut down at their end.
  for (const output of [child.stdout, child.stderr]) output.on('end', () => output.destroy());
  storage.run('out', () => {
    child.stdout.on('data', (chunk) => note(String(chunk).trim()));
    child.stdout.on('close', () => input.write('two\n'));
  });
  storage.run('err', () => {
    child.stderr.on('data', (chunk) => note(String(chunk).trim()));
    child.stderr.on('close', () => input.write('three\n'));
  });
  input.write('one\n');
});
