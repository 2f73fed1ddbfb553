// The hooks of a scenario, and the ops that enable them at its start.

const EVENTS = ['init', 'before', 'after', 'destroy', 'promiseResolve'];

export function makeHooks(builder) {
  const { random, hookNames } = builder;
  const opening = [];
  const creator = hookNames.length > 0 && random.chance(0.15) ? makeOnceOnlyCreator(builder) : undefined;
  if (creator) opening.push(...creator.ops);
  const hooks = hookNames.map((name) => makeHook(builder, name, creator));
  for (const name of random.subset(hookNames, 0.75)) opening.push(['enable', name]);
  return { hooks, opening };
}

function makeHook(builder, name, creator) {
  const { random } = builder;
  const hook = { name };
  if (random.chance(0.35)) hook.events = random.subset(EVENTS, 0.6);
  if (random.chance(0.12)) {
    hook.trackPromises = false;
    // Node tells such a hook of the `after` of a promise that was rejected unhandled; contrail does not.
    hook.events = (hook.events ?? EVENTS).filter((event) => event !== 'promiseResolve' && event !== 'after');
  }
  if (random.chance(0.4)) hook.times = random.integer(1, 2);
  if (random.chance(0.35)) {
    hook.onInit = calmOps(builder, hook.times !== undefined);
    if (random.chance(0.3)) hook.onInit.push(scopeOp(builder));
    if (creator && random.chance(0.7)) hook.onInit.push(['call', creator.name]);
  }
  for (const key of ['onBefore', 'onAfter', 'onDestroy', 'onResolve']) {
    if (!random.chance(0.2)) continue;
    hook[key] = calmOps(builder, hook.times !== undefined);
    // Not what differs on purpose: a timer that is cleared in its own before.
    if (key === 'onBefore') hook[key] = hook[key].filter(([op]) => op !== 'clear');
    // Nor what goes on for ever in Node.
    if (key === 'onDestroy' && !hook.times) hook[key] = hook[key].filter(([op]) => op !== 'emitDestroy');
  }
  return hook;
}

// What the handlers of exceptions and rejections perform.
export function makeHandlers(builder) {
  const handlers = {};
  if (builder.hookNames.length === 0) return handlers;
  if (builder.random.chance(0.3)) handlers.onUncaught = calmOps(builder, true);
  if (builder.random.chance(0.2)) handlers.onUnhandled = calmOps(builder, false);
  return handlers;
}

const calmOps = (builder, mayMake) =>
  Array.from({ length: builder.random.integer(1, 2) }, () => calmOp(builder, mayMake));

const scopeOp = ({ random }) => random.pick([
  ['scope', `r${random.integer(0, 2)}`, [['mark', 'scope']]],
  ['inSnapshot', `s${random.integer(0, 1)}`, [['mark', 'snapshot']]],
]);

// An op that throws nothing. Those that make resources or run scopes are for callbacks that perform their ops only a
// few times: their init, or before, would perform the op again, without end. Disabling the hook first would not help,
// since that takes effect only after the outermost emission.
function calmOp(builder, mayMake) {
  const { random, als, hookNames } = builder;
  const log = ['log', builder.label('I')];
  const promise = `p${random.integer(0, 3)}`;
  const choices = [
    log,
    ['enable', random.pick(hookNames)],
    ['disableHook', random.pick(hookNames)],
    ['clear', `t${random.integer(0, 3)}`],
    ['emitDestroy', `r${random.integer(0, 2)}`],
    ['resolve', promise, builder.value()],
    ['reject', promise, builder.label('E')],
    ['try', [log, ['throw', builder.label('E')]]],
    ['closeScope', `c${random.integer(0, 1)}`],
    ['executing', 'timer', `t${random.integer(0, 3)}`],
  ];
  if (als.length > 0) {
    const storage = random.pick(als);
    choices.push(
      ['run', storage, builder.value(), [log]], ['exit', storage, [log]],
      ['withScope', storage, builder.value(), [log]],
      ['enterWith', storage, builder.value()], ['disable', storage]);
  }
  if (mayMake) {
    choices.push(
      ['scope', `r${random.integer(0, 2)}`, [log]], ['inSnapshot', `s${random.integer(0, 1)}`, [log]],
      ['nextTick', [log]], ['immediate', [log]], ['microtask', [log]], ['resource', 'rHook', 'RES'],
      ['promise', 'pHook', [log]], ['async', 'pHook', [['await', 1], log]], ['then', promise, 'pHook', [log]]);
  }
  return random.pick(choices);
}

// A function that makes a resource when it is first called, and by then has replaced itself by a harmless one:
// so onInit may call it.
function makeOnceOnlyCreator(builder) {
  const { random } = builder;
  const resource = 'rOnce';
  const name = 'fOnce';
  const log = [['log', builder.label()]];
  const creation = random.pick([
    ['nextTick', log], ['immediate', log], ['microtask', log], ['resource', 'rMade', 'RES'],
    ['promise', 'pMade', log], ['async', 'pMade', [['await', 1], ...log]], ['resolved', 'pMade', 1],
  ]);
  const body = [['bindResource', resource, name, [['mark', builder.label()]]], creation];
  return { name, ops: [['resource', resource, 'RES'], ['bindResource', resource, name, body]] };
}
