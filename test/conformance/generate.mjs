// Makes random scenarios that run the same way every time.
//
//   node generate.mjs --seed N [--profile NAME]                 print one
//   node generate.mjs --seeds A..B --out DIR [--profile NAME]   write DIR/N.json for each
//
// Profiles: all (the default: the seed chooses), mixed, als, hooks, promises, timers, errors.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { profileNames } from './generator/profiles.mjs';
import { generate } from './generator/scenario.mjs';
import { seedRange } from './harness/seeds.mjs';
import { scenarioText } from './harness/text.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    out: { type: 'string' },
    profile: { type: 'string', default: 'all' },
  },
});

if (!profileNames.includes(values.profile)) throw new Error(`no such profile; there are ${profileNames.join(', ')}`);

if (values.seed !== undefined) {
  process.stdout.write(scenarioText(generate(Number(values.seed), values.profile)));
} else if (values.seeds !== undefined && values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  for (const seed of seedRange(values.seeds)) {
    writeFileSync(join(values.out, `${seed}.json`), scenarioText(generate(seed, values.profile)));
  }
} else {
  throw new Error('either --seed N or --seeds A..B --out DIR is needed');
}
