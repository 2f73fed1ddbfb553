// Prints `name nanoseconds`, the median of a few rounds: what report.py --node reads.
const ROUNDS = 9;

export const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

export function measure(name, count, work) {
  const rounds = [];
  for (let round = -2; round < ROUNDS; round += 1) {
    const start = process.hrtime.bigint();
    work(count);
    const ns = Number(process.hrtime.bigint() - start) / count;
    if (round >= 0) rounds.push(ns);
  }
  console.log(name, median(rounds).toFixed(1));
}

// For work that is done later: start(count) answers with a promise of its end.
export async function measureLater(name, count, start) {
  const rounds = [];
  for (let round = -2; round < ROUNDS; round += 1) {
    const begun = process.hrtime.bigint();
    await start(count);
    const ns = Number(process.hrtime.bigint() - begun) / count;
    if (round >= 0) rounds.push(ns);
  }
  console.log(name, median(rounds).toFixed(1));
}
