/**
 * Which channels of a network's values must keep the same factor when the
 * values are scaled channel by channel. Channels are the last dimension.
 *
 * @module
 */

import type { Graph, Node } from "./graph.ts";

/** Channels of all values, those that must have the same factor brought together. */
export interface ChannelLinks {
  /** Number of channels over all values. */
  count: number;
  /** Index of the first channel of a value; channels are its last dimension. */
  first(value: string): number;
  /** Number of channels of a value. */
  channels(value: string): number;
  /** The channel that stands for all channels that share its factor. */
  root(channel: number): number;
  /** Whether a channel has to keep its factor of one. */
  isFixed(channel: number): boolean;
}

/** What the rooms of the operators link channels with. */
export interface ChannelLinker extends ChannelLinks {
  /** Shape of a value. */
  shape(value: string): readonly number[];
  /** The node that makes a value, where one does. */
  producer(value: string): Node | undefined;
  /** Lets all channels of a value keep their factor of one. */
  fix(value: string): void;
  /** Gives channel k of `value` the factor of channel `from(k)` of `source`. */
  follow(value: string, source: string, from?: (channel: number) => number): void;
  /** Gives the channels of `value` from `start` on the factors of those of `source`. */
  followPart(value: string, start: number, source: string): void;
}

/** A linker of a graph's channels, none of which are linked or fixed yet. */
export function createChannelLinker(graph: Graph): ChannelLinker {
  const shape = (value: string) => graph.values.get(value)!.shape;
  const channels = (value: string) => shape(value).at(-1) ?? 1;
  const firsts = new Map<string, number>();
  let count = 0;
  for (const name of graph.values.keys()) {
    firsts.set(name, count);
    count += channels(name);
  }
  const first = (value: string) => firsts.get(value)!;
  const parents = Int32Array.from({ length: count }, (_, index) => index);
  const fixed = new Uint8Array(count);
  const root = (channel: number): number => {
    while (parents[channel] !== channel) channel = parents[channel] = parents[parents[channel]];
    return channel;
  };
  const unite = (a: number, b: number) => {
    const [from, to] = [root(a), root(b)];
    parents[from] = to;
    fixed[to] |= fixed[from];
  };
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  return {
    count,
    first,
    channels,
    root,
    isFixed: (channel) => fixed[root(channel)] === 1,
    shape,
    producer: (value) => producers.get(value),
    fix(value) {
      for (let channel = 0; channel < channels(value); channel++) fixed[root(first(value) + channel)] = 1;
    },
    follow(value, source, from = (channel) => channel) {
      for (let channel = 0; channel < channels(value); channel++) {
        unite(first(value) + channel, first(source) + from(channel));
      }
    },
    followPart(value, start, source) {
      for (let channel = 0; channel < channels(source); channel++) {
        unite(first(value) + start + channel, first(source) + channel);
      }
    },
  };
}
