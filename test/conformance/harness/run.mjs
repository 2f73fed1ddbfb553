// Runs a driver on a scenario, and remembers traces.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIME_LIMIT_MS = 10_000;

const scratch = mkdtempSync(join(tmpdir(), 'conformance-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

let files = 0;

// The trace; a driver that fails or takes too long leaves a last line that no trace has.
export function runDriver(command, scenarioText, timeLimitMs = TIME_LIMIT_MS) {
  const file = join(scratch, `${files++}.json`);
  writeFileSync(file, scenarioText);
  const [program, ...args] = splitCommand(command);
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => chunks[name].push(chunk));
    let isTooSlow = false;
    const limit = setTimeout(() => {
      isTooSlow = true;
      child.kill('SIGKILL');
    }, timeLimitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const trace = Buffer.concat(chunks.stdout).toString();
      if (code === 0) return resolve(trace);
      const reason = isTooSlow ? 'timed out' : `ended with ${signal ?? code}`;
      const complaint = Buffer.concat(chunks.stderr).toString().trim().split('\n').slice(0, 20).join('\n');
      resolve(`${trace}[${reason}]\n${complaint === '' ? '' : `${complaint}\n`}`);
    });
  });
}

export const hasFailed = (trace) => /^\[(timed out|ended with)/m.test(trace);

// The same, looked up under the hash of the command and the scenario first.
export async function runCached(command, scenarioText, directory) {
  if (directory === undefined) return runDriver(command, scenarioText);
  const hash = createHash('sha256').update(`${command}\n${scenarioText}`).digest('hex');
  const file = join(directory, `${hash}.trace`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const trace = await runDriver(command, scenarioText);
  if (hasFailed(trace)) return trace;  // perhaps only this time
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, trace);
  return trace;
}

// Words separated by spaces; quotes keep spaces.
function splitCommand(command) {
  const words = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}
