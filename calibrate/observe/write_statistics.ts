/**
 * Writing of statistics, so that another process can go on with them.
 *
 * @module
 */

import { DIGEST_BYTES } from "../../runtime/bundle/format.ts";
import { CHANNEL_BINS } from "./channel_histograms.ts";
import type { Statistics } from "./statistics.ts";
import {
  STATISTICS_MAGIC,
  STATISTICS_PREFIX_BYTES,
  STATISTICS_VERSION,
  type StatisticsHeader,
} from "./statistics_format.ts";

/** Serialises statistics; the same ones give the same bytes. @returns The file. */
export async function writeStatistics(statistics: Statistics): Promise<Uint8Array<ArrayBuffer>> {
  const { network, preprocessing, part, fingerprints } = statistics;
  const { summaries } = statistics;
  const inputs = summaries.flatMap((
    { input: { min, max, mean, square, isConstant } },
  ) => [min, max, mean, square, Number(isConstant)]);
  const arrays: ArrayBufferView[] = [fingerprints, ...summaries.map(({ peaks }) => peaks), Float64Array.from(inputs)];
  const values = Array.from(statistics.values, ([name, { histogram, raw }]) => {
    const { positive, negative, ...rest } = histogram;
    const sides = [withoutEmptyEnd(positive), withoutEmptyEnd(negative)];
    arrays.push(...sides, raw);
    return { name, ...rest, positive: sides[0].length, negative: sides[1].length, raw: raw.length };
  });
  const [channels, normalized] = [statistics.channels, statistics.normalized].map((moments) =>
    Array.from(moments, ([name, { count, sums, squares }]) => {
      const all = [...sums, ...squares];
      arrays.push(Uint16Array.from(all, ({ length }) => length), Float64Array.from(all.flat()));
      return { name, channels: sums.length, count };
    })
  );
  const channelHistograms = Array.from(
    statistics.channelHistograms,
    ([name, { count, samples, min, max, secondMin, secondMax, exponents, ...sides }]) => {
      arrays.push(min, max, secondMin, secondMax, exponents);
      for (const counts of [sides.positive, sides.negative]) {
        const rows = Array.from(
          min,
          (_, channel) => withoutEmptyEnd(counts.subarray(channel * CHANNEL_BINS, (channel + 1) * CHANNEL_BINS)),
        );
        arrays.push(
          Uint8Array.from(rows, ({ length }) => length),
          ...rows,
        );
      }
      return { name, channels: min.length, count, samples };
    },
  );
  const peaks = summaries[0].peaks.length;
  const header: StatisticsHeader = {
    network,
    preprocessing: preprocessing ?? null,
    part,
    peaks,
    values,
    channels,
    normalized,
    channelHistograms,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const dataBytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(STATISTICS_PREFIX_BYTES + text.length + dataBytes + DIGEST_BYTES);
  bytes.set(STATISTICS_MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, STATISTICS_VERSION, true);
  view.setUint32(12, text.length, true);
  bytes.set(text, STATISTICS_PREFIX_BYTES);
  let offset = STATISTICS_PREFIX_BYTES + text.length;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, offset))), offset);
  return bytes;
}

function withoutEmptyEnd(counts: Float64Array): Float64Array {
  return counts.subarray(0, counts.findLastIndex((count) => count > 0) + 1);
}
