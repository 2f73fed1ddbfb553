// Compares the traces of two drivers on random or recorded scenarios, and shrinks what differs.
//
//   node compare.mjs --reference 'CMD' --candidate 'CMD' --seeds A..B [--profile NAME] [--jobs 1|2]
//                    [--cache DIR] [--out DIR]
//   node compare.mjs --reference 'CMD' --self --seeds A..B ...    the reference against itself: is it deterministic?
//   node compare.mjs --candidate 'CMD' --recorded DIR             against every DIR/**/*.json with a .trace beside it
//
// A command gets the scenario's file as its last argument. --cache keeps the reference's traces between runs;
// --out keeps the minimal scenarios that differ, with both traces.

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generate } from './generator/scenario.mjs';
import { hasFailed, runCached, runDriver } from './harness/run.mjs';
import { seedRange } from './harness/seeds.mjs';
import { shrink } from './harness/shrink.mjs';
import { sideBySide } from './harness/side_by_side.mjs';
import { scenarioText } from './harness/text.mjs';

const SHRINK_LIMIT_MS = 2000;

const { values: options } = parseArgs({
  options: {
    reference: { type: 'string' },
    candidate: { type: 'string' },
    self: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    recorded: { type: 'string' },
    profile: { type: 'string', default: 'all' },
    jobs: { type: 'string', default: '1' },
    cache: { type: 'string' },
    out: { type: 'string' },
  },
});

const candidate = options.self ? options.reference : options.candidate;
const needed = options.recorded === undefined ? [options.reference, candidate, options.seeds] : [candidate];
if (needed.includes(undefined)) throw new Error('a command or the seeds are missing: see the head of compare.mjs');

const counts = { passed: 0, failed: 0 };
const work = options.recorded === undefined ? seedRange(options.seeds) : recordedFiles(options.recorded);
const check = options.recorded === undefined ? checkSeed : checkRecorded;

// Not more than two at a time: under load, the deadlines of real-time drivers slip.
await Promise.all(Array.from({ length: Math.min(Number(options.jobs), 2) }, async () => {
  while (work.length > 0) await check(work.shift());
}));
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function recordedFiles(directory) {
  return globSync('**/*.json', { cwd: directory }).sort().map((file) => join(directory, file));
}

async function checkRecorded(file) {
  const reference = readFileSync(file.replace(/\.json$/, '.trace'), 'utf8');
  const trace = await runDriver(candidate, readFileSync(file, 'utf8'));
  if (trace === reference) return void counts.passed++;
  counts.failed++;
  console.log(`${file} differs\n${sideBySide(reference, trace)}`);
}

async function checkSeed(seed) {
  const scenario = generate(seed, options.profile);
  const text = scenarioText(scenario);
  const first = await traces(text, options.cache);
  if (first.reference === first.candidate) return void counts.passed++;
  // A deadline that slipped is no difference: it must show again, without the cache.
  if (!await differs(scenario)) {
    console.log(`seed ${seed}: differed once, and not again`);
    return void counts.passed++;
  }
  counts.failed++;
  await report(seed, scenario, first);
}

async function traces(text, cache) {
  return { reference: await runCached(options.reference, text, cache), candidate: await runDriver(candidate, text) };
}

async function differs(scenario) {
  const { reference, candidate: trace } = await traces(scenarioText(scenario));
  return reference !== trace;
}

// A cut may remove what ends the scenario, which then says nothing about the candidate.
async function stillDiffers(scenario) {
  const text = scenarioText(scenario);
  const reference = await runDriver(options.reference, text, SHRINK_LIMIT_MS);
  return !hasFailed(reference) && reference !== await runDriver(candidate, text, SHRINK_LIMIT_MS);
}

// What differs by accident, as a reference from itself, no shrinking could follow: the whole is shown.
async function report(seed, scenario, first) {
  const smallest = options.self ? scenario : await shrink(scenario, stillDiffers);
  const text = scenarioText(smallest);
  const shown = options.self ? first : await traces(text);
  const sides = sideBySide(shown.reference, shown.candidate);
  console.log(`seed ${seed} differs\n${text}\n${sides}`);
  if (options.out === undefined) return;
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, `seed-${seed}.json`), text);
  writeFileSync(join(options.out, `seed-${seed}.diff`), sides);
}
