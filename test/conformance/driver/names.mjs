// What the ops of a scenario have named: one space of names for each kind of thing.

import { print, printMissing } from './trace.mjs';

export const storages = new Map();
export const scopes = new Map();      // name -> what withScope() returned
export const hooks = new Map();
export const timers = new Map();      // name -> { handle, clear, refresh }
export const promises = new Map();    // name -> Promise
export const resolvers = new Map();   // name -> { resolve, reject }; absent for promises that nobody can settle by name
export const thenables = new Map();   // name -> { then }
export const resources = new Map();
export const functions = new Map();
export const snapshots = new Map();

// Looks a name up and does something with what it names, or prints that it is missing.
export function withNamed(space, name, action) {
  if (space.has(name)) action(space.get(name));
  else printMissing(name);
}

// A value is an integer, or names the promise or the foreign object that stands for one.
export function valueOf(value) {
  const { space, name } = reference(value);
  return space === undefined ? value : space.get(name);
}

export function valueIsKnown(value) {
  const { space, name } = reference(value);
  if (space === undefined || space.has(name)) return true;
  printMissing(name);
  return false;
}

function reference(value) {
  if (typeof value !== 'object' || value === null) return {};
  if ('thenable' in value) return { space: thenables, name: value.thenable };
  return { space: promises, name: value.promise };
}

// Defines a promise that has no resolver, in place of any older one of that name.
export function definePromise(name, promise) {
  promises.set(name, promise);
  resolvers.delete(name);
}

export function defineTimer(name, timer) {
  if (name !== undefined) timers.set(name, timer);
}

export const printUnsupported = (op) => print(`unsupported ${op}`);
