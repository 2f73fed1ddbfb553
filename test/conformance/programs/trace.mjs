// What a program's handles and requests go through, as one text that does not depend on ids, on ticks or on how fast
// the other end is: init, before and after in their order; then, as the moment of a destroy does depend on that, the
// destroys in theirs.

import { createHook } from 'node:async_hooks';
import { writeSync } from 'node:fs';

const SHOWN = new RegExp(
  '^((?:TCP|UDP|PIPE|PROCESS|FILEHANDLE|DIRHANDLE)\\w*|FSREQCALLBACK|STATWATCHER|WORKER|MESSAGEPORT|Query' +
    '|(?:WRITE|SHUTDOWN|GETADDRINFOREQ|GETNAMEINFOREQ|SIGNAL|FSEVENT|TTY)WRAP)$',
);
// See differences.md: number 22, and number 1.
const TWIN = { FSREQPROMISE: 'FSREQCALLBACK' };
const COLLECTED = new Set(['FILEHANDLE', 'DIRHANDLE']);

export function say(line) { writeSync(1, `${line}\n`); }

/** `hidden`: a type that this program does not show. */
export function trace({ hidden } = {}) {
  const names = new Map(); // Of what is not shown: the name of what triggered it.
  const shown = new Map(); // Types by id.
  const counts = new Map();
  const lines = [];
  const destroys = [];
  createHook({
    init(id, own, trigger) {
      const type = TWIN[own] ?? own;
      const by = names.get(trigger) ?? 'program';
      if (!SHOWN.test(type) || type === hidden) return names.set(id, by);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      names.set(id, `${type}:${counts.get(type)}`);
      shown.set(id, type);
      lines.push(`init ${names.get(id)} by ${by}`);
    },
    before(id) { if (shown.has(id)) lines.push(`before ${names.get(id)}`); },
    after(id) { if (shown.has(id)) lines.push(`after ${names.get(id)}`); },
    destroy(id) { if (shown.has(id) && !COLLECTED.has(shown.get(id))) destroys.push(`destroy ${names.get(id)}`); },
  }).enable();
  process.on('exit', () => [...lines, ...destroys].forEach(say));
}
