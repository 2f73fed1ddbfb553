// Makes a scenario smaller as long as it still differs.

// The lists of ops an op holds are its arrays of arrays; the combinators' lists of names are arrays of strings.
const isOpList = (value) =>
  Array.isArray(value) && value.every((op) => Array.isArray(op) && typeof op[0] === 'string');

export async function shrink(scenario, differs, attemptsMax = 600) {
  let smallest = scenario;
  let attempts = 0;
  for (let progressed = true; progressed;) {
    progressed = false;
    for (const smaller of smallerThan(smallest)) {
      if (attempts++ >= attemptsMax) return smallest;
      if (!await differs(smaller)) continue;
      smallest = smaller;
      progressed = true;
      break;
    }
  }
  return smallest;
}

// Bolder cuts first.
function* smallerThan(scenario) {
  for (const main of smallerLists(scenario.main)) yield { ...scenario, main };
  yield* withLess(scenario, ['onUncaught', 'onUnhandled']);
  yield* withFewerHooks(scenario);
  yield* withFewerStorages(scenario);
}

function* smallerLists(ops) {
  for (let size = Math.ceil(ops.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < ops.length; start += size) {
      yield [...ops.slice(0, start), ...ops.slice(start + size)];
    }
  }
  for (const [index, op] of ops.entries()) {
    for (const replacement of smallerOps(op)) yield ops.toSpliced(index, 1, ...replacement);
  }
}

// What may stand in the place of an op: the ops inside it, or the op with less inside.
function* smallerOps(op) {
  for (const [index, part] of op.entries()) {
    if (!isOpList(part) || part.length === 0) continue;
    yield part;
    for (const smaller of smallerLists(part)) yield [op.with(index, smaller)];
  }
}

function* withFewerHooks(scenario) {
  const hooks = scenario.hooks ?? [];
  for (const [index, hook] of hooks.entries()) {
    if (!mentions(scenario, [['enable', hook.name], ['disableHook', hook.name]])) {
      yield { ...scenario, hooks: hooks.toSpliced(index, 1) };
    }
    for (const simpler of simplerHooks(hook)) yield { ...scenario, hooks: hooks.with(index, simpler) };
  }
}

function* simplerHooks(hook) {
  yield* withLess(hook, ['onInit', 'onBefore', 'onAfter', 'onDestroy', 'onResolve']);
  yield* withLess(hook, ['times', 'trackPromises']);
  const events = hook.events ?? ['init', 'before', 'after', 'destroy', 'promiseResolve'];
  for (const event of events) yield { ...hook, events: events.filter((other) => other !== event) };
}

// The same without one of its keys, or with less in it.
function* withLess(object, keys) {
  for (const key of keys.filter((name) => object[name] !== undefined)) {
    const { [key]: value, ...rest } = object;
    yield rest;
    if (isOpList(value)) for (const smaller of smallerLists(value)) yield { ...object, [key]: smaller };
  }
}

function* withFewerStorages(scenario) {
  for (const [index, storage] of (scenario.als ?? []).entries()) {
    const name = storage.name ?? storage;
    if (storage.name !== undefined) yield { ...scenario, als: scenario.als.with(index, name) };
    const uses = ['run', 'exit', 'enterWith', 'disable', 'withScope', 'openScope'].map((op) => [op, name]);
    if (!mentions(scenario, uses)) yield { ...scenario, als: scenario.als.toSpliced(index, 1) };
  }
}

function mentions(scenario, heads) {
  const text = JSON.stringify(scenario);
  return heads.some((head) => text.includes(JSON.stringify(head).slice(0, -1)));
}
