// Makes timers that are set in one callback start at one time, however long the callback takes.
//
// Node reads its clock, which counts whole milliseconds, for each timer. Where the count goes up between two timers
// of one delay, they fall due in two passes instead of one, and what runs between passes (immediates, pending
// destroys) runs between them: the trace would depend on how fast the machine is.

let start;

export function startMacrotask() { start = undefined; }

export function startWithOthers(timer) {
  if (timer._idleTimeout < 0) return;  // cleared before: refresh has not started it
  start ??= timer._idleStart;
  timer._idleStart = start;
}
