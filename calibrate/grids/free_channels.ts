/**
 * The channels that may have grids of their own.
 *
 * @module
 */

import { onGrids } from "../graph/activations.ts";
import type { ChannelLinker } from "../graph/channel_links.ts";
import type { FormChoice } from "../graph/form.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { isLayer } from "../graph/layers.ts";
import type { ChannelHistograms } from "../observe/channel_histograms.ts";
import type { ParameterGroup } from "../quantize/observed_values.ts";
import { linkChannels } from "./link_channels.ts";

/**
 * Links the channels of an 8-bit network and fixes those that cannot have a
 * factor: beside what the operators fix, all values that are needed in float
 * too, or are made in float by anything but a layer, since conversions have one
 * scale; and what is clipped, unless the ends of all channels' grids can be the
 * bound.
 *
 * @param seen What was seen of each channel of the values that are computed.
 */
export function freeChannels(
  graph: Graph,
  { forms, groups, seen }: {
    forms: FormChoice;
    groups: readonly ParameterGroup[];
    seen: ReadonlyMap<string, ChannelHistograms>;
  },
): ChannelLinker {
  const links = linkChannels(graph);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  for (const [value, needed] of forms.needed) {
    if (!needed.has("u8")) continue;
    const producer = producers.get(value);
    const converted = forms.computed.get(value) === "f32" && !(producer && isLayer(producer));
    if (needed.has("f32") || converted || !producer) links.fix(value);
  }
  for (const { fixed, sources, members } of groups) {
    if (fixed || !sources.every((source) => seen.has(source))) members.forEach(links.fix);
  }
  const clipped = groups.flatMap((group) =>
    group.sources.filter((source) => limitOf(producers.get(source)) < Infinity).map((source) => ({ source, group }))
  );
  for (let changed = true; changed;) {
    changed = false;
    for (const { source, group } of clipped) {
      if (isFixed(links, source)) continue;
      const limit = limitOf(producers.get(source));
      const isBound = group.sources.every((other) =>
        !someFixed(links, other) && !exceeds(links, seen, { source, other, limit })
      );
      if (!isBound || group.known.length > 0) {
        links.fix(source);
        changed = true;
      }
    }
  }
  return links;
}

/** The greatest value to which the grid of any channel of a node's result may reach. */
export function limitOf(node: Node | undefined): number {
  if (!node || !("activation" in node)) return Infinity;
  return onGrids(node.activation)?.limit ?? Infinity;
}

/** Whether all channels of a value are fixed. */
export function isFixed(links: ChannelLinker, value: string): boolean {
  return channelsOf(links, value).every(links.isFixed);
}

function someFixed(links: ChannelLinker, value: string): boolean {
  return channelsOf(links, value).some(links.isFixed);
}

/** The channels of a value among all channels. */
export function channelsOf(links: ChannelLinker, value: string): number[] {
  return Array.from({ length: links.channels(value) }, (_, channel) => links.first(value) + channel);
}

/** Whether a channel that has the factor of one of a clipped value goes beyond the bound. */
function exceeds(
  links: ChannelLinker,
  seen: ReadonlyMap<string, ChannelHistograms>,
  { source, other, limit }: { source: string; other: string; limit: number },
): boolean {
  const roots = new Set(channelsOf(links, source).map(links.root));
  const known = seen.get(other)!;
  return channelsOf(links, other).some((channel, index) =>
    roots.has(links.root(channel)) && known.max[index] > Math.fround(limit)
  );
}
