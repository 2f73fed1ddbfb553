// "A..B" as the integers A to B, both included; "A" as A alone.
export function seedRange(text) {
  const [first, last = first] = text.split('..').map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last)) throw new Error(`not a range of seeds: ${text}`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
