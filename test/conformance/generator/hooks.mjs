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
  if (!random.chance(0.35)) return hook;
  hook.onInit = Array.from({ length: random.integer(1, 2) }, () => onInitOp(builder));
  if (creator && random.chance(0.7)) hook.onInit.push(['call', creator.name]);
  return hook;
}

// An op of onInit must not make a resource: its init would perform the op again, without end. Disabling the hook
// first would not help, since that takes effect only after the outermost emission.
function onInitOp(builder) {
  const { random, als, hookNames } = builder;
  const log = ['log', builder.label('I')];
  const promise = `p${random.integer(0, 3)}`;
  const choices = [
    log,
    ['enable', random.pick(hookNames)],
    ['disableHook', random.pick(hookNames)],
    ['clear', `t${random.integer(0, 3)}`],
    ['emitDestroy', `r${random.integer(0, 2)}`],
    ['scope', `r${random.integer(0, 2)}`, [log]],
    ['resolve', promise, builder.value()],
    ['reject', promise, builder.label('E')],
    ['inSnapshot', `s${random.integer(0, 1)}`, [log]],
    ['try', [log, ['throw', builder.label('E')]]],
  ];
  if (als.length > 0) {
    const storage = random.pick(als);
    choices.push(
      ['run', storage, builder.value(), [log]], ['exit', storage, [log]],
      ['enterWith', storage, builder.value()], ['disable', storage]);
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
