/**
 * How a reshape acts on values whose dimensions are held in another order.
 *
 * @module
 */

/** What a reshape needs of its input's order and makes of it. */
export interface ReshapePlan {
  /** Order in which the input's dimensions must be held, from the outermost. */
  inputOrder: number[];
  /** Order in which the output's dimensions are then held. */
  outputOrder: number[];
}

interface Group {
  from: number[];
  to: number[];
}

/**
 * Plans a reshape of a value so that as little as possible moves: dimensions
 * that are merged or split together must be held side by side, the groups may
 * be held in any order.
 *
 * @param from Shape of the input, `to` of the output, in the network's order of dimensions.
 * @param order The order in which the input's dimensions are held.
 */
export function planReshape(from: number[], to: number[], order: readonly number[]): ReshapePlan {
  const groups = groupDimensions(from, to);
  const groupOf = new Map<number, Group>();
  for (const group of groups) for (const axis of group.from) groupOf.set(axis, group);
  const inputOrder: number[] = [];
  const sequence: number[] = [];
  const placed = new Set<Group>();
  for (const axis of order) {
    const group = groupOf.get(axis);
    if (group === undefined) {
      inputOrder.push(axis);
    } else if (!placed.has(group)) {
      placed.add(group);
      inputOrder.push(...group.from);
      sequence.push(...group.to);
    }
  }
  return { inputOrder, outputOrder: placeOnes(to, sequence) };
}

/** Runs of dimensions, those of length 1 apart, with equal numbers of elements. */
function groupDimensions(from: number[], to: number[]): Group[] {
  const left = from.map((_, i) => i).filter((i) => from[i] !== 1);
  const right = to.map((_, i) => i).filter((i) => to[i] !== 1);
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  while (i < left.length) {
    const group: Group = { from: [left[i]], to: [right[j]] };
    let [a, b] = [from[left[i++]], to[right[j++]]];
    while (a !== b) {
      if (a < b) {
        group.from.push(left[i]);
        a *= from[left[i++]];
      } else {
        group.to.push(right[j]);
        b *= to[right[j++]];
      }
    }
    groups.push(group);
  }
  return groups;
}

/** Puts dimensions of length 1 where they make a usual order, or else before their successors. */
function placeOnes(shape: number[], sequence: number[]): number[] {
  const identity = shape.map((_, i) => i);
  const channelsLast = [0, ...identity.slice(2), 1];
  const candidates = shape.length === 4 ? [identity, channelsLast] : [identity];
  for (const candidate of candidates) {
    const rest = candidate.filter((axis) => shape[axis] !== 1);
    if (rest.every((axis, i) => axis === sequence[i])) return candidate;
  }
  const order = [...sequence];
  for (const axis of identity.toReversed()) {
    if (shape[axis] !== 1) continue;
    const next = axis === 0 ? 0 : order.indexOf(axis + 1);
    order.splice(next < 0 ? order.length : next, 0, axis);
  }
  return order;
}
