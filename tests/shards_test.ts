import { assert, assertEquals, assertRejects } from "@std/assert";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { readStatistics } from "../calibrate/observe/read_statistics.ts";
import { samplesOfShard } from "../calibrate/observe/shard.ts";
import { writeStatistics } from "../calibrate/observe/write_statistics.ts";
import { observeShard } from "../calibrate/observe_shard.ts";
import { random } from "./support/random.ts";
import { smallNetwork as plainNetwork } from "./support/small_network.ts";

const ELEMENTS = 3 * 8 * 8;

/** The small network, of whose first layer a BatchNormalization says something. */
function smallNetwork(seed = 1): Graph {
  const graph = plainNetwork(seed);
  const [ones, beta] = [new Float32Array(8).fill(1), random(seed).f32(8, -1, 1)];
  const normalization = { gamma: ones, beta, variance: ones, epsilon: 1e-5 };
  const nodes = graph.nodes.map((node) => node.op === "convolution" ? { ...node, normalization } : node);
  return { ...graph, nodes };
}

/** Float samples of very different ranges, in the network's layout. */
function samples(count: number, seed = 1): Uint8Array {
  const values = random(seed).f32(count * ELEMENTS, -1, 1).map((value, index) =>
    value * [1, 0, 1e-6, 30][Math.floor(index / ELEMENTS) % 4]
  );
  return writeNpy([count, 3, 8, 8], values);
}

interface Files {
  folder: string;
  write(name: string, bytes: Uint8Array): string;
  /** Observes all shards. @returns Their files. */
  shards(count: number, options: Partial<CalibrationOptions> & { data: string }): Promise<string[]>;
}

async function withFiles(use: (files: Files) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const write = (name: string, bytes: Uint8Array) => {
    Deno.writeFileSync(`${folder}/${name}`, bytes);
    return `${folder}/${name}`;
  };
  let made = 0;
  try {
    await use({
      folder,
      write,
      async shards(count, options) {
        const set = made++;
        return await Promise.all(Array.from({ length: count }, async (_, index) => {
          const shard = { index: index + 1, count };
          return write(`${set}-${shard.index}-of-${count}`, await observeShard(smallNetwork(), { ...options, shard }));
        }));
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Shards share all samples, each of them once", () => {
  for (const total of [1, 2, 7, 100, 1000]) {
    for (const count of [1, 2, 3, 7, 64].filter((count) => count <= total)) {
      let next = 0;
      for (let index = 1; index <= count; index++) {
        const part = samplesOfShard({ index, count }, total);
        assertEquals([part.first, part.total], [next, total]);
        assert(part.end > part.first);
        next = part.end;
      }
      assertEquals(next, total);
    }
  }
});

Deno.test("A bundle from the statistics of any number of shards is that of one run, to the last byte", async () => {
  await withFiles(async ({ write, shards }) => {
    const data = write("samples.npy", samples(14));
    const whole = await calibrate(smallNetwork(), { data });
    for (const [count, threads] of [[1, 1], [2, 2], [14, 1]]) {
      const merge = (await shards(count, { data, threads })).reverse();
      assertEquals(await calibrate(smallNetwork(), { data, merge, threads }), whole, `${count} shards`);
    }
  });
});

Deno.test("Statistics serve any method, and shards of a choice of samples share that choice", async () => {
  await withFiles(async ({ write, shards }) => {
    const data = write("samples.npy", samples(23));
    const merge = await shards(3, { data, samples: 10 });
    for (
      const method of [{ scales: "entropy", usp: "off" }, { scales: "percentile", weights: "per-tensor" }] as const
    ) {
      const options = { ...method, data, samples: 10 };
      const whole = await calibrate(smallNetwork(), options);
      assertEquals(await calibrate(smallNetwork(), { ...options, merge }), whole);
    }
  });
});

Deno.test("Every shard must be there once, and be of the same network, options and data", async () => {
  await withFiles(async ({ write, shards }) => {
    const data = write("samples.npy", samples(12));
    const [first, second, third] = await shards(3, { data });
    const refused = async (merge: string[], error: typeof RangeError, message: string, options = {}) => {
      await assertRejects(() => calibrate(smallNetwork(), { data, merge, ...options }), error, message);
    };
    await refused([first, third], RangeError, "Samples 4 to 7 of 12 are in none of the files");
    await refused([third, second], RangeError, "Samples 0 to 3 of 12 are in none of the files");
    await refused([first, second], RangeError, "Samples 8 to 11 of 12 are in none of the files");
    await refused([first, second, second, third], RangeError, "hold the same samples");
    const [half] = await shards(2, { data });
    await refused([first, half, third], RangeError, `${first} and ${half} hold the same samples`);

    const all = [first, second, third];
    await assertRejects(() => calibrate(smallNetwork(9), { data, merge: all }), TypeError, "is of another network");
    await refused(all, TypeError, "is of a calibration on 12 samples: this one has 6", { samples: 6 });
    const recipe = { crop: [8, 8] as [number, number], mean: [0, 0, 0], std: [1, 1, 1] };
    await refused(all, TypeError, "is of samples with the preprocessing none", { preprocessing: recipe });

    const other = write("other.npy", samples(12, 2));
    const message = `Sample 4 of ${data} is not the one that the statistics are of`;
    const foreign = await shards(3, { data: other });
    await refused([first, foreign[1], third], RangeError, message);
    await refused([first, foreign[1], third], RangeError, message, { usp: "off" });
  });
});

Deno.test("A statistics file is read as it was written", async () => {
  await withFiles(async ({ write }) => {
    const data = write("samples.npy", samples(5));
    const bytes = await observeShard(smallNetwork(), { data, shard: { index: 2, count: 2 } });
    const statistics = await readStatistics(bytes, "file");
    assertEquals(statistics.part, { first: 2, end: 5, total: 5 });
    for (const [name, { count }] of statistics.channels) assert(count >= 3, name);
    assertEquals(await writeStatistics(statistics), bytes);
  });
});

Deno.test("A statistics file that is truncated, altered or inconsistent is refused", async () => {
  await withFiles(async ({ write }) => {
    const data = write("samples.npy", samples(3));
    const bytes = await observeShard(smallNetwork(), { data, shard: { index: 1, count: 1 } });
    const refused = async (bytes: Uint8Array<ArrayBuffer>, message: string) => {
      await assertRejects(() => readStatistics(bytes, "part"), SyntaxError, message);
    };
    await refused(new Uint8Array(0), "part holds no statistics of a calibration");
    await refused(new TextEncoder().encode("something else entirely"), "part holds no statistics of a calibration");
    await refused(bytes.slice(0, 30), "part is truncated");
    for (const length of [60, 1000, bytes.length - 1]) await refused(bytes.slice(0, length), "truncated or altered");
    const { integer } = random(5);
    for (let trial = 0; trial < 20; trial++) {
      const altered = bytes.slice();
      altered[integer(20, bytes.length - 1)] ^= 1 << integer(0, 7);
      await refused(altered, "truncated or altered");
    }
    const future = bytes.slice();
    future[8] = 5;
    await refused(future, "part has version 5: this program reads version 4");

    const inconsistent = async (change: (statistics: Awaited<ReturnType<typeof readStatistics>>) => void) => {
      const statistics = await readStatistics(bytes, "part");
      change(statistics);
      await refused(await writeStatistics(statistics), "part: ");
    };
    await inconsistent(({ part }) => part.end = 2);
    await inconsistent(({ part }) => part.total = 2);
    await inconsistent(({ part }) => part.first = -1);
    const [name] = (await readStatistics(bytes, "part")).values.keys();
    await inconsistent(({ values }) => values.get(name)!.histogram.count++);
    await inconsistent(({ values }) => values.get(name)!.histogram.positive[3] = -1);
    await inconsistent(({ values }) => values.get(name)!.histogram.positive[3] = NaN);
    await inconsistent(({ values }) => values.get(name)!.histogram.exponent = null);
    await inconsistent(({ values }) => values.get(name)!.histogram.max = NaN);
    await inconsistent(({ values }) => values.get(name)!.raw[0] = Infinity);
    await inconsistent(({ summaries }) => summaries[0].peaks[0] = -1);
    await inconsistent(({ summaries }) => summaries[0].peaks[0] = Infinity);
    await inconsistent(({ summaries }) => summaries.pop());
    await inconsistent(({ summaries }) => summaries[0].input.mean = NaN);
    await inconsistent(({ channels }) => [...channels.values()][0].count = 0);
    await inconsistent(({ channels }) => [...channels.values()][0].sums[0] = [NaN]);
    await inconsistent(({ normalized }) => [...normalized.values()][0].squares[0] = [NaN]);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].positive[3] = -1);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].positive[3] += 2 ** 40);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].exponents[0] = 200);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].max[0] = NaN);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].secondMax[0] = 1e9);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].secondMin[0] = NaN);
    await inconsistent(({ channelHistograms }) => [...channelHistograms.values()][0].samples = 0);
  });
});
