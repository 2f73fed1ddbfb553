// Two traces in two columns; `!` marks the lines that differ.
export function sideBySide(left, right, width = 58) {
  const [lefts, rights] = [left, right].map((text) => text.split('\n').slice(0, -1));
  const rows = [];
  for (let index = 0; index < Math.max(lefts.length, rights.length); index++) {
    const [a, b] = [lefts[index] ?? '', rights[index] ?? ''];
    rows.push(`${lefts[index] === rights[index] ? ' ' : '!'} ${a.padEnd(width)} | ${b}`.trimEnd());
  }
  return `  ${'reference'.padEnd(width)} | candidate\n${rows.join('\n')}\n`;
}
