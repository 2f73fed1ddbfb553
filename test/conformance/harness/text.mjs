// A scenario as text: one op of main a line, which is short and still shows what changed between two of them.
export function scenarioText({ about, als = [], hooks = [], onUncaught, onUnhandled, main = [] }) {
  const parts = [];
  if (about !== undefined) parts.push(`"about": ${JSON.stringify(about)}`);
  if (als.length > 0) parts.push(`"als": ${JSON.stringify(als)}`);
  if (hooks.length > 0) parts.push(`"hooks": [\n${lines(hooks)}\n ]`);
  for (const [key, ops] of Object.entries({ onUncaught, onUnhandled })) {
    if (ops !== undefined) parts.push(`"${key}": ${JSON.stringify(ops)}`);
  }
  parts.push(`"main": [\n${lines(main)}\n ]`);
  return `{${parts.join(',\n ')}}\n`;
}

const lines = (list) => list.map((item) => `  ${JSON.stringify(item)}`).join(',\n');
