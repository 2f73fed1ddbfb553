// What a profile concentrates on: how many storages and hooks, and how often each op is drawn.

const context = { run: 5, exit: 2, enterWith: 4, disable: 1.5, withScope: 2, openScope: 1, closeScope: 1.5 };
const tasks = { timeout: 3, interval: 1, immediate: 3, nextTick: 3, microtask: 3 };
const timerControl = { clear: 1.5, refresh: 1, ref: 0.4, unref: 0.7, hasRef: 0.4, timerId: 0.5, selfRefresh: 0.4 };
const promiseMaking = { promise: 3, resolved: 3, rejected: 1, async: 3, thenable: 1.5 };
const promiseUse = { resolve: 4, reject: 1, then: 5, then2: 1.5, catch: 2.5, finally: 1.5 };
const combinators = { all: 0.7, race: 0.7, any: 0.7, allSettled: 0.7 };
const resources = { resource: 3, scope: 3, emitDestroy: 1.5, bindResource: 1 };
const bound = { bind: 1, bindTyped: 0.5, alsBind: 1, call: 2.5, snapshot: 1, inSnapshot: 1.5 };
const hookControl = { enable: 1.5, disableHook: 1 };
const errors = { throw: 1, try: 1 };
const printing = { log: 7, mark: 0.7, executing: 0.7 };
const control = { repeat: 0.4 };

const scaled = (table, factor) =>
  Object.fromEntries(Object.entries(table).map(([op, weight]) => [op, weight * factor]));

const everything = {
  ...printing, ...context, ...tasks, ...timerControl, ...promiseMaking, ...promiseUse, ...combinators,
  ...resources, ...bound, ...hookControl, ...errors, ...control,
};

const none = (table) => scaled(table, 0);

export const profiles = {
  mixed: { als: [0, 3], hooks: [0, 3], weights: everything },
  als: {
    als: [1, 3], hooks: [0, 0],
    weights: { ...everything, ...scaled(context, 2.5), ...scaled(bound, 2), ...none(hookControl) },
  },
  hooks: {
    als: [0, 1], hooks: [2, 3],
    weights: { ...everything, ...scaled(hookControl, 5), ...scaled(resources, 2), ...scaled(context, 0.5) },
  },
  promises: {
    als: [0, 1], hooks: [0, 2],
    weights: {
      ...everything, ...scaled(promiseMaking, 2.5), ...scaled(promiseUse, 2.5), ...scaled(combinators, 2.5),
      ...scaled(tasks, 0.6), ...scaled(timerControl, 0.4), ...scaled(resources, 0.3), ...scaled(bound, 0.3),
      ...scaled(context, 0.5),
    },
  },
  timers: {
    als: [0, 2], hooks: [0, 2],
    weights: {
      ...everything, ...scaled(tasks, 3), ...scaled(timerControl, 4), ...scaled(promiseMaking, 0.4),
      ...scaled(promiseUse, 0.4), ...scaled(combinators, 0.2), ...scaled(resources, 0.4), ...scaled(bound, 0.4),
    },
  },
  errors: {
    als: [0, 2], hooks: [0, 2],
    weights: {
      ...everything, ...scaled(errors, 4), rejected: 3, reject: 3, catch: 4, then2: 3,
    },
  },
};

// `all` leaves the choice to the seed; the mix of everything is drawn as often as all the others together.
export function chooseProfile(name, random) {
  if (name !== 'all') return profiles[name];
  return random.chance(0.5) ? profiles.mixed : profiles[random.pick(Object.keys(profiles))];
}

export const profileNames = ['all', ...Object.keys(profiles)];
