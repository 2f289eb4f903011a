/**
 * A choice of some of many items.
 *
 * @module
 */

/** At most `count` of the items: those at floor(i length / count). */
export function evenlySpread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return items.slice();
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * items.length / count)]);
}
