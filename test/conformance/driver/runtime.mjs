// What tells one runtime from another, where trying it out would leave traces of its own.

// Bun answers with process.stdin, which it makes for that: a stream, whose tick its hooks hear of.
export const knowsExecutionResource = process.versions.bun === undefined;
