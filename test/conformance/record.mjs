// Records the trace of each hand-written scenario beside it: scenarios/TOPIC/NAME.trace.
//
//   node record.mjs [--reference 'CMD'] [TOPIC...]
//
// The reference is Node 26, which by default is the one that runs this script. Each scenario is run twice, and
// recorded only if the two traces agree and the reference could do every op.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDriver } from './harness/run.mjs';

const here = import.meta.dirname;
const { values, positionals: topics } = parseArgs({
  options: { reference: { type: 'string', default: `"${process.execPath}" "${join(here, 'node_driver.mjs')}"` } },
  allowPositionals: true,
});

const directory = join(here, 'scenarios');
const files = globSync('*/*.json', { cwd: directory }).sort()
  .filter((file) => topics.length === 0 || topics.includes(file.split(/[\\/]/)[0]));

let recorded = 0;
for (const file of files) {
  const text = readFileSync(join(directory, file), 'utf8');
  const trace = await runDriver(values.reference, text);
  const complaint = /^unsupported .*$/m.exec(trace)?.[0]
    ?? (trace === await runDriver(values.reference, text) ? undefined : 'two runs differ');
  if (complaint !== undefined) {
    console.log(`${file}: ${complaint}; not recorded`);
    process.exitCode = 1;
    continue;
  }
  writeFileSync(join(directory, file.replace(/\.json$/, '.trace')), trace);
  recorded++;
}
console.log(`${recorded} of ${files.length} recorded`);
