/**
 * Items in groups that memory holds.
 *
 * @module
 */

/**
 * Shares items out, in their order, to groups that are used one after the other.
 *
 * @param bytesOf Memory that an item takes.
 * @param room Memory for a group, in bytes; an item that takes more stands alone.
 */
export function groupsThatFit<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  room: number,
): Item[][] {
  const groups: Item[][] = [];
  let free = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (groups.length === 0 || bytes > free) {
      groups.push([]);
      free = room;
    }
    groups[groups.length - 1].push(item);
    free -= bytes;
  }
  return groups;
}
