/**
 * Alterations of plain data, such as a parsed header.
 *
 * @module
 */

import type { Random } from "../support/random.ts";

/** A place in plain data: the container and the key. */
type Field = [container: Record<string | number, unknown>, key: string | number];

const NUMBERS = [
  ...[0, 1, 2, 3, 5, 7, 8, 63, 64, 128, 255, 256, 4096, 65535, 65536],
  ...[2 ** 24, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 53, 0.5, 1e300],
];

function fieldsOf(value: unknown, found: Field[] = []): Field[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return found;
  for (const key of Object.keys(value)) {
    const container = value as Record<string, unknown>;
    found.push([container, key]);
    fieldsOf(container[key], found);
  }
  return found;
}

/** Alters a field in place in one way that is drawn: another number most often, seldom another type, or a field of another place. */
export function alterData(data: unknown, draw: Random, words: readonly string[] = []): void {
  const { integer, pick, unit } = draw;
  const fields = fieldsOf(data);
  if (fields.length === 0) return;
  const numeric = fields.filter(([container, key]) => typeof container[key] === "number");
  const [container, key] = numeric.length > 0 && unit() < 0.6 ? pick(numeric) : pick(fields);
  const value = container[key];
  switch (integer(0, 11)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      return;
    case 1:
      container[key] = pick<unknown>([null, "", [], {}, true, [1], [[]], ...words]);
      return;
    case 2:
    case 3: {
      const [other, otherKey] = pick(fields);
      container[key] = structuredClone(other[otherKey]);
      return;
    }
    case 4:
      if (Array.isArray(container)) container.splice(Number(key), 0, structuredClone(value));
      return;
    default:
      if (typeof value === "number") {
        container[key] = pick([
          0,
          1,
          value - 1,
          value + 1,
          value * 2,
          -value,
          value + 64,
          Math.floor(value / 2),
          pick(NUMBERS),
          -pick(NUMBERS),
        ]);
      } else if (typeof value === "string") {
        container[key] = words.length > 0 && unit() < 0.7 ? pick(words) : value.slice(1);
      } else {
        alterData(value, draw, words);
      }
  }
}
