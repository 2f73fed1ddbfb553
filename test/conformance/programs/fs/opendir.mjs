// A directory that is opened, read entry by entry, and closed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say, trace } from '../trace.mjs';

const path = mkdtempSync(join(tmpdir(), 'contrail-opendir-'));
for (const name of ['one', 'two']) writeFileSync(join(path, name), '');
trace();
const dir = await opendir(path);
const names = [];
for (let entry = await dir.read(); entry !== null; entry = await dir.read()) names.push(entry.name);
say(names.sort().join(' '));
await dir.close();
try {
  await opendir('/nowhere');
} catch (error) {
  say(`${error.syscall} ${error.path}: ${error.code}`);
}
rmSync(path, { recursive: true });
