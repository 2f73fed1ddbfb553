// A directory that is made, filled, looked at and removed again, each step in the callback of the one before.
import {
  access, appendFile, chmod, copyFile, link, lstat, mkdir, mkdtemp, readdir, readlink, realpath, rename, rmdir, statfs,
  symlink, unlink, utimes, writeFile,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trace } from '../trace.mjs';

trace();
let top;
const at = (name) => join(top, name);
const steps = [
  (next) => mkdtemp(join(tmpdir(), 'contrail-'), (_, path) => { top = path; next(); }),
  (next) => mkdir(at('a/b'), { recursive: true }, next),
  (next) => writeFile(at('file'), 'text', next),
  (next) => appendFile(at('file'), ' and more', next),
  (next) => copyFile(at('file'), at('copy'), next),
  (next) => rename(at('copy'), at('moved'), next),
  (next) => link(at('file'), at('second'), next),
  (next) => symlink('file', at('link'), next),
  (next) => readlink(at('link'), next),
  (next) => realpath.native(at('link'), next),
  (next) => lstat(at('link'), next),
  (next) => access(at('missing'), next),
  (next) => chmod(at('file'), 0o600, next),
  (next) => utimes(at('file'), 1, 2, next),
  (next) => statfs(top, next),
  (next) => readdir(top, { withFileTypes: true }, next),
  ...['file', 'moved', 'second', 'link'].map((name) => (next) => unlink(at(name), next)),
  ...['a/b', 'a', ''].map((name) => (next) => rmdir(at(name), next)),
];
const go = () => steps.shift()?.(go);
go();
