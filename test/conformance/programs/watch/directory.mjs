// A directory whose entries come, change and go.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { say, trace } from '../trace.mjs';

const dir = fs.mkdtempSync(`${tmpdir()}/contrail-`);
const other = `${dir}.other`;
fs.writeFileSync(other, '');
trace();
const next = [
  () => fs.chmodSync(`${dir}/entry`, 0o600),
  () => fs.unlinkSync(`${dir}/entry`),
  () => { watcher.close(); fs.rmdirSync(dir); fs.unlinkSync(other); },
];
const watcher = fs.watch(dir, (kind, name) => { say(`${kind} ${name}`); next.shift()(); });
fs.linkSync(other, `${dir}/entry`);
