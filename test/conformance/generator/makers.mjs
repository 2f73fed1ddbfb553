// How each op is made up: functions of the builder and the place. Each gives an op, a list of ops, or undefined
// where the op is not possible.

import { inner, later, repeatedly, sometime } from './places.mjs';

const use = (builder, space, make) => {
  const name = builder[space].use();
  return name === undefined ? undefined : make(name);
};

const storageOp = (make) => (builder, place) =>
  (builder.als.length === 0 ? undefined : make(builder, place, builder.random.pick(builder.als)));

const hookOp = (op) => ({ random, hookNames }) =>
  (hookNames.length === 0 ? undefined : [op, random.pick(hookNames)]);

const context = {
  run: storageOp((b, place, als) => ['run', als, b.value(), b.list(inner(place))]),
  exit: storageOp((b, place, als) => ['exit', als, b.list(inner(place))]),
  enterWith: storageOp((b, place, als) => ['enterWith', als, b.random.chance(0.15) ? null : b.value()]),
  disable: storageOp((b, place, als) => ['disable', als]),
  withScope: storageOp((b, place, als) => ['withScope', als, b.value(), b.list(inner(place))]),
  openScope: storageOp((b, place, als) => ['openScope', als, b.value(), b.scopes.define()]),
  closeScope: (b) => use(b, 'scopes', (name) => ['closeScope', name]),
};

// The ops of a timer that may fire again, by refresh, must themselves be fit to be performed again.
function makeTimeout(builder, place) {
  const delay = builder.calendar.planDelay(place, 1);
  if (delay === undefined) return undefined;
  const moment = place.moment === undefined ? undefined : place.moment + delay;
  const isRefreshable = moment !== undefined && builder.random.chance(0.3);
  const ops = builder.list(isRefreshable ? repeatedly(place) : later(place, moment));
  if (!isRefreshable && builder.random.chance(0.4)) return ['timeout', delay, ops];
  const name = builder.timers.publish(builder.timers.fresh());
  if (isRefreshable) builder.refreshable.push({ name, delay, count: 1 });
  return ['timeout', delay, ops, name];
}

function makeInterval(builder, place) {
  const count = builder.random.integer(1, 3);
  const delay = place.moment === undefined ? undefined : builder.calendar.planDelay(place, count);
  if (delay === undefined) return undefined;
  const ops = builder.list(repeatedly(place));
  const name = builder.timers.publish(builder.timers.fresh());
  builder.refreshable.push({ name, delay, count });
  return ['interval', delay, count, ops, name];
}

function makeImmediate(builder, place) {
  const ops = builder.list(later(place, place.moment));
  if (builder.random.chance(0.6)) return ['immediate', ops];
  return ['immediate', ops, builder.timers.publish(builder.timers.fresh())];
}

function makeRefresh(builder, place) {
  if (builder.refreshable.length === 0) return undefined;
  const { name, delay, count } = builder.random.pick(builder.refreshable);
  return builder.calendar.planAgain(place, delay, count) ? ['refresh', name] : undefined;
}

// A timer that refreshes itself until another, set first so that nothing can keep it from being set, stops it.
function makeSelfRefresh(builder, place) {
  const plan = builder.calendar.planSelfRefresh(place);
  if (plan === undefined) return undefined;
  const name = builder.timers.publish(builder.timers.fresh());
  const ops = [['log', builder.label()], ['refresh', name], ...builder.list(repeatedly(place), 0, 2)];
  return [['timeout', plan.stop, [['clear', name]]], ['timeout', plan.delay, ops, name]];
}

const tasks = {
  timeout: makeTimeout,
  interval: makeInterval,
  immediate: makeImmediate,
  nextTick: (b, place) => ['nextTick', b.list(later(place, place.moment))],
  microtask: (b, place) => ['microtask', b.list(later(place, place.moment))],
  clear: (b) => use(b, 'timers', (name) => ['clear', name]),
  ref: (b) => use(b, 'timers', (name) => ['ref', name]),
  unref: (b) => use(b, 'timers', (name) => ['unref', name]),
  hasRef: (b) => use(b, 'timers', (name) => ['hasRef', name]),
  timerId: (b) => use(b, 'timers', (name) => ['timerId', name]),
  refresh: makeRefresh,
  selfRefresh: makeSelfRefresh,
};

const reaction = (op) => (builder, place) => use(builder, 'promises', (source) => {
  const name = builder.promises.define();
  const ops = [builder.list(sometime(place, 'reaction'), 0, 3)];
  if (op === 'then2') ops.push(builder.list(sometime(place, 'reaction'), 0, 3));
  return [op, source, name, ...ops];
});

const combinator = (op) => (builder) => {
  const sources = Array.from({ length: builder.random.integer(0, 3) }, () => builder.promises.use());
  return [op, sources.filter((name) => name !== undefined), builder.promises.define()];
};

function makeRejected(builder) {
  const name = builder.promises.define();
  const rejected = ['rejected', name, builder.label('E')];
  if (builder.random.chance(0.5)) return rejected;
  return [rejected, ['catch', name, builder.promises.define(), [['log', builder.label()]]]];
}

const opened = (builder, place, op, takes) => {
  const name = builder.promises.define();
  return [op, name, builder.promises.whileOpen(name, () => builder.list(inner(place, takes), 0, 4))];
};

// Nothing can use a thenable before it is complete, so that none can resolve with itself. Its ops run each time
// that somebody asks it.
function makeThenable(builder, place) {
  const name = builder.thenables.fresh();
  const ops = builder.list(repeatedly(place), 0, 3);
  const isThrown = ops.at(-1)?.[0] === 'throw';
  const settling = builder.random.chance(0.8) ? ['resolve', name, builder.outcomeOr(builder.value(), 0.2)]
    : ['reject', name, builder.label('E')];
  if (isThrown && builder.random.chance(0.5)) ops.unshift(settling);
  else if (!isThrown) ops.push(settling);
  builder.thenables.publish(name);
  return ['thenable', name, ops];
}

const promises = {
  thenable: makeThenable,
  promise: (b, place) => (b.random.chance(0.5) ? ['promise', b.promises.define()] : opened(b, place, 'promise', '')),
  async: (b, place) => opened(b, place, 'async', 'async'),
  resolved(b) {
    const value = b.outcomeOr(b.value(), 0.2);
    return ['resolved', b.promises.define(), value];
  },
  rejected: makeRejected,
  resolve: (b) => use(b, 'promises', (name) => ['resolve', name, b.outcomeOr(b.value(), 0.25)]),
  reject: (b) => use(b, 'promises', (name) => ['reject', name, b.label('E')]),
  then: reaction('then'),
  then2: reaction('then2'),
  catch: reaction('catch'),
  finally: reaction('finally'),
  all: combinator('all'),
  race: combinator('race'),
  any: combinator('any'),
  allSettled: combinator('allSettled'),
};

function makeResource(builder) {
  const { random } = builder;
  const options = {};
  if (random.chance(0.3)) options.requireManualDestroy = true;
  if (random.chance(0.2)) options.triggerAsyncId = random.pick([0, 1, 1000000, 1000001]);
  const op = ['resource', builder.resources.define(), random.pick(['RES', 'JOB', 'Query'])];
  return Object.keys(options).length > 0 ? [...op, options] : op;
}

// The function can be called only where it is complete, so that none can call itself.
function boundFunction(makeOp) {
  return (builder, place) => {
    const name = builder.functions.fresh();
    const op = makeOp(builder, name, () => builder.list(repeatedly(place), 0, 3));
    if (op) builder.functions.publish(name);
    return op;
  };
}

const resources = {
  resource: makeResource,
  scope: (b, place) => use(b, 'resources', (name) => ['scope', name, b.list(inner(place))]),
  emitDestroy: (b) => use(b, 'resources', (name) => ['emitDestroy', name]),
  bindResource: boundFunction((b, name, body) => use(b, 'resources', (res) => ['bindResource', res, name, body()])),
  bind: boundFunction((b, name, body) => ['bind', name, body()]),
  bindTyped: boundFunction((b, name, body) => ['bindTyped', name, b.random.pick(['RES', 'TASK']), body()]),
  alsBind: boundFunction((b, name, body) => ['alsBind', name, body()]),
  call: (b) => use(b, 'functions', (name) => ['call', name]),
  snapshot: (b) => ['snapshot', b.snapshots.define()],
  inSnapshot: (b, place) => use(b, 'snapshots', (name) => ['inSnapshot', name, b.list(inner(place))]),
};

function makeExecuting(builder) {
  const [kind, space] = builder.random.pick([['timer', 'timers'], ['promise', 'promises'], ['resource', 'resources']]);
  return use(builder, space, (name) => ['executing', kind, name]);
}

export const makers = {
  executing: makeExecuting,
  repeat: (b, place) => ['repeat', b.random.integer(0, 3), b.list({ ...inner(place), repeats: true })],
  log: (b) => ['log', b.label()],
  mark: (b) => ['mark', b.label('M')],
  ...context,
  ...tasks,
  ...promises,
  ...resources,
  enable: hookOp('enable'),
  disableHook: hookOp('disableHook'),
  throw: (b) => ['throw', b.label('E')],
  try: (b, place) => ['try', b.list(inner(place))],
};
