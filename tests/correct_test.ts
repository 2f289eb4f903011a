import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { type CorrectionOptions, correctLayer } from "../calibrate/quantize/correct_layer.ts";
import type { FoldedNormalization } from "../calibrate/graph/graph.ts";
import {
  createMoments,
  errorOf,
  type JointMoments,
  measureMoments,
  mergeMoments,
} from "../calibrate/observe/moments.ts";
import type { LayerCorrection } from "../calibrate/plan.ts";
import { normal, type Random, random } from "./support/random.ts";

const CHANNELS = 6;
const POSITIONS = 50;

function optionsOf(parts: Partial<CorrectionOptions> = {}): CorrectionOptions {
  return {
    mode: "moments",
    target: "measured",
    trust: 1,
    normalization: undefined,
    bias: Float32Array.of(0.5, -1, 0, 2, -0.25, 1),
    fits: () => true,
    ...parts,
  };
}

/** A layer's values on some samples: float with bias, and 8-bit without, changed by `distort`. */
function layerValues(
  samples: number,
  distort: (value: number, channel: number, draw: Random, sample: number) => number,
): { floats: Float32Array; quantized: Float32Array }[] {
  const draw = random(11);
  const { bias } = optionsOf();
  return Array.from({ length: samples }, (_, sample) => {
    const bare = Float32Array.from(
      { length: POSITIONS * CHANNELS },
      (_, index) => normal(draw) * (1 + index % CHANNELS) + 0.3 * (index % CHANNELS),
    );
    return {
      floats: bare.map((value, index) => value + bias[index % CHANNELS]),
      quantized: bare.map((value, index) => distort(value, index % CHANNELS, draw, sample)),
    };
  });
}

function momentsOf(values: ReturnType<typeof layerValues>): JointMoments[] {
  return values.map(({ floats, quantized }) => measureMoments(floats, quantized, CHANNELS));
}

function merged(samples: readonly JointMoments[]): JointMoments {
  const all = createMoments(CHANNELS);
  for (const moments of samples) mergeMoments(all, moments);
  return all;
}

/** What quantisation to few bits does: another gain, another mean and noise in each channel. */
function coarse(value: number, channel: number, draw: Random): number {
  return value * (0.8 + 0.08 * channel) + 0.2 * (channel - 2) + 0.1 * normal(draw);
}

/** Mean and standard deviation of the corrected values of a channel. */
function correctedStatistics(
  values: ReturnType<typeof layerValues>,
  { gain, bias }: { gain: Float64Array; bias: Float64Array },
  channel: number,
): { mean: number; deviation: number } {
  const all = values.flatMap(({ quantized }) =>
    [...quantized].filter((_, index) => index % CHANNELS === channel).map((value) =>
      gain[channel] * value + bias[channel]
    )
  );
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { mean, deviation: Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length) };
}

Deno.test("Without quantisation error the correction is the identity", () => {
  const samples = momentsOf(layerValues(8, (value) => value));
  const all = merged(samples);
  for (const mode of ["moments", "lsq", "mean"] as const) {
    const { correction, guarded } = correctLayer(samples, optionsOf({ mode }));
    assertEquals(guarded, 0);
    for (let channel = 0; channel < CHANNELS; channel++) {
      const deviation = Math.sqrt(all.floatSquares[channel] / all.count);
      assertAlmostEquals(correction.gain[channel], 1, 1e-6);
      assertAlmostEquals(correction.bias[channel], optionsOf().bias[channel], 1e-6 * deviation);
    }
  }
});

Deno.test("Corrected by moments, a layer has the float network's mean and standard deviation", () => {
  const values = layerValues(8, coarse);
  const all = merged(momentsOf(values));
  const { correction, kept, guarded } = correctLayer(momentsOf(values), optionsOf());
  assertEquals([kept, guarded], ["moments", 0]);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const { mean, deviation } = correctedStatistics(values, correction, channel);
    const target = Math.sqrt(all.floatSquares[channel] / all.count);
    assertGreater(correction.gain[channel], 0);
    assertAlmostEquals(mean, all.floatMean[channel], 1e-5 * target);
    assertAlmostEquals(deviation, target, 1e-5 * target);
  }
});

Deno.test("A corrected layer is left as it is by another correction", () => {
  const values = layerValues(8, coarse);
  const { correction: { gain, bias } } = correctLayer(momentsOf(values), optionsOf());
  const own = optionsOf().bias;
  const corrected = values.map(({ floats, quantized }) => ({
    floats,
    quantized: quantized.map((value, index) => {
      const channel = index % CHANNELS;
      return gain[channel] * value + bias[channel] - own[channel];
    }),
  }));
  const { correction } = correctLayer(momentsOf(corrected), optionsOf());
  for (let channel = 0; channel < CHANNELS; channel++) {
    assertAlmostEquals(correction.gain[channel], 1, 1e-5);
    assertAlmostEquals(correction.bias[channel], own[channel], 1e-5);
  }
});

Deno.test("The mean alone is corrected with gains of one", () => {
  const values = layerValues(8, coarse);
  const all = merged(momentsOf(values));
  const { correction } = correctLayer(momentsOf(values), optionsOf({ mode: "mean" }));
  for (let channel = 0; channel < CHANNELS; channel++) {
    assertEquals(correction.gain[channel], 1);
    assertAlmostEquals(correctedStatistics(values, correction, channel).mean, all.floatMean[channel], 1e-5);
  }
});

Deno.test("Gains stay within a half and two, and those that would not are counted", () => {
  const factors = [1, 5, 0.1, 1, 1, 1];
  const samples = momentsOf(layerValues(8, (value, channel) => value * factors[channel]));
  const { correction, kept, guarded } = correctLayer(samples, optionsOf());
  assertEquals([kept, guarded], ["moments", 2]);
  assertEquals([...correction.gain.subarray(1, 3)], [0.5, 2]);
  assertAlmostEquals(correction.gain[0], 1, 1e-6);
});

Deno.test("Opposite signs never make a gain negative", () => {
  const values = layerValues(8, (value, channel) => channel === 3 ? -value : value);
  for (const mode of ["moments", "lsq"] as const) {
    const { correction } = correctLayer(momentsOf(values), optionsOf({ mode }));
    for (const gain of correction.gain) assertGreater(gain, 0);
  }
});

Deno.test("Channels that are dead on either side keep their gain and are counted", () => {
  const values = layerValues(8, (value, channel) => channel === 2 ? value * 1e-6 : value);
  for (const { floats } of values) {
    for (let index = 4; index < floats.length; index += CHANNELS) floats[index] = 3;
  }
  const { correction, guarded } = correctLayer(momentsOf(values), optionsOf());
  assertEquals([correction.gain[2], correction.gain[4], guarded], [1, 1, 2]);
});

Deno.test("Fewer than 64 positions are not enough to correct on", () => {
  const options = optionsOf();
  const values = layerValues(1, coarse).map(({ floats, quantized }) => {
    const length = 63 * CHANNELS;
    const repeat = (list: Float32Array) => Float32Array.from({ length }, (_, index) => list[index % list.length]);
    return { floats: repeat(floats), quantized: repeat(quantized) };
  });
  const { correction, kept } = correctLayer(momentsOf(values), options);
  assertEquals(kept, "none");
  assertEquals([...correction.gain], [1, 1, 1, 1, 1, 1]);
  assertEquals([...correction.bias], [...options.bias]);
  const one = measureMoments(new Float32Array(CHANNELS), new Float32Array(CHANNELS), CHANNELS);
  assertEquals(correctLayer([...momentsOf(values), one], options).kept, "moments");
});

Deno.test("Least squares never raises the layer's error on the samples it is made from", () => {
  for (const noise of [0, 0.5, 3, 20]) {
    const samples = momentsOf(
      layerValues(6, (value, channel, draw) => coarse(value, channel, draw) + noise * normal(draw)),
    );
    const all = merged(samples);
    const { correction: lsq } = correctLayer(samples, optionsOf({ mode: "lsq" }));
    const { correction: moments } = correctLayer(samples, optionsOf());
    for (let channel = 0; channel < CHANNELS; channel++) {
      const error = errorOf(all, channel, lsq.gain[channel], lsq.bias[channel]);
      const tolerance = 1e-9 * (1 + error);
      assert(error <= errorOf(all, channel, 1, optionsOf().bias[channel]) + tolerance);
      assert(error <= errorOf(all, channel, moments.gain[channel], moments.bias[channel]) + tolerance);
    }
  }
});

const NORMALIZATION: FoldedNormalization = {
  gamma: Float32Array.of(1, -2, 3, 4, -5, 6),
  beta: Float32Array.of(0, 0.5, -1, 2, 3, -2),
  variance: Float32Array.of(1, 0.5, 2, 0.01, 4, 1),
  epsilon: 0.001,
};

Deno.test("The bn target is what the BatchNormalization itself says", () => {
  const values = layerValues(4, coarse);
  const { correction, kept, target, guarded } = correctLayer(
    momentsOf(values),
    optionsOf({ target: "bn", normalization: NORMALIZATION }),
  );
  assertEquals([kept, target, guarded], ["moments", "bn", 0]);
  const { gamma, beta, variance, epsilon } = NORMALIZATION;
  for (let channel = 0; channel < CHANNELS; channel++) {
    const { mean, deviation } = correctedStatistics(values, correction, channel);
    const v = variance[channel];
    assertAlmostEquals(mean, beta[channel], 1e-5);
    assertAlmostEquals(deviation, Math.abs(gamma[channel]) * Math.sqrt(v / (v + epsilon)), 1e-5);
  }
});

Deno.test("A layer without BatchNormalization has the measured target", () => {
  const { target } = correctLayer(momentsOf(layerValues(4, coarse)), optionsOf({ target: "bn" }));
  assertEquals(target, "measured");
});

Deno.test("Refreshing the statistics of a BatchNormalization is the folded correction with target bn", () => {
  const draw = random(3);
  const { gamma, beta, variance, epsilon } = NORMALIZATION;
  const oldMean = draw.f32(CHANNELS, -1, 1);
  const factor = gamma.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  // u: the quantised convolution before BatchNormalization; folded, its weights and so its results have the factor.
  const unfolded = Float32Array.from(
    { length: 400 * CHANNELS },
    (_, index) => (0.9 + 0.05 * normal(draw)) * normal(draw) * Math.sqrt(variance[index % CHANNELS]) + 0.2,
  );
  const folded = unfolded.map((value, index) => value * factor[index % CHANNELS]);
  const bias = beta.map((value, channel) => value - oldMean[channel] * factor[channel]);
  const floats = folded.map((value, index) => value + bias[index % CHANNELS]);
  const { correction, guarded } = correctLayer(
    [measureMoments(floats, folded, CHANNELS)],
    optionsOf({ target: "bn", normalization: NORMALIZATION, bias }),
  );
  assertEquals(guarded, 0);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const u = [...unfolded].filter((_, index) => index % CHANNELS === channel);
    const mean = u.reduce((sum, value) => sum + value, 0) / u.length;
    const measured = u.reduce((sum, value) => sum + (value - mean) ** 2, 0) / u.length;
    // BatchNormalization's epsilon belongs to the old variance: sd_f / sd_q = sqrt(v / (v + eps)) / sqrt(v_q) x |gamma|.
    const share = Math.sqrt(variance[channel] / (variance[channel] + epsilon));
    for (const [index, value] of u.slice(0, 50).entries()) {
      const refreshed = gamma[channel] * share * (value - mean) / Math.sqrt(measured) + beta[channel];
      const corrected = correction.gain[channel] * folded[index * CHANNELS + channel] + correction.bias[channel];
      assertAlmostEquals(corrected, refreshed, 1e-5 * Math.abs(gamma[channel]) * 4);
    }
  }
});

/** Half of the samples, two of every part that is held out, have other errors than the rest. */
function isOdd(sample: number): boolean {
  return sample >= 8;
}

/** What no correction can mend in all samples: it would put one half right and the other wrong. */
function contradictory(shift: number, gain: number): JointMoments[] {
  return momentsOf(layerValues(16, (value, _, __, sample) => isOdd(sample) ? value : value * gain + shift));
}

Deno.test("A correction that raises the error of samples it was not made from, beyond chance, is dropped", () => {
  const values = layerValues(16, (value) => value);
  // Each part's own samples call for a shift that those of the other parts do not show.
  const samples = momentsOf(values.map(({ floats, quantized }, sample) => ({
    floats,
    quantized: quantized.map((value) => value + (sample % 4 === 0 ? -3 : 1)),
  })));
  const kept = correctLayer(samples, optionsOf({ mode: "mean" }));
  assertEquals(kept.kept, "none");
  assertEquals([...kept.correction.gain], [1, 1, 1, 1, 1, 1]);
  assertEquals([...kept.correction.bias], [...optionsOf().bias]);
});

Deno.test("A correction is kept where it helps some samples and harms others no more than by chance", () => {
  for (const mode of ["moments", "lsq", "mean"] as const) {
    assertEquals(correctLayer(contradictory(-0.5, 1), optionsOf({ mode })).kept, mode);
  }
});

Deno.test("Whether a correction is kept does not depend on the units of the channels", () => {
  const units = [1, 64, 1 / 64, 8, 1 / 8, 1];
  for (const seed of [1, 2, 3, 4, 5]) {
    const draw = random(seed);
    const shift = draw.f32(16, -0.4, 0.4);
    const values = layerValues(16, (value, _, __, sample) => value * 0.97 + shift[sample]);
    const scale = (list: Float32Array) => list.map((value, index) => value * units[index % CHANNELS]);
    const scaled = values.map(({ floats, quantized }) => ({ floats: scale(floats), quantized: scale(quantized) }));
    const bias = optionsOf().bias.map((value, channel) => value * units[channel]);
    const [one, other] = [
      correctLayer(momentsOf(values), optionsOf()),
      correctLayer(momentsOf(scaled), optionsOf({ bias })),
    ];
    assertEquals(one.kept, other.kept);
  }
});

Deno.test("A correction that does not fit gives way to the mean alone, and that to none", () => {
  const samples = momentsOf(layerValues(8, coarse));
  const unit = ({ gain }: LayerCorrection) => gain.every((value) => value === 1);
  const cases = [
    { target: "measured", fits: unit, kept: "mean" },
    { target: "bn", fits: unit, kept: "mean" },
    { target: "measured", fits: () => false, kept: "none" },
    { target: "bn", fits: () => false, kept: "none" },
  ] as const;
  for (const { target, fits, kept } of cases) {
    const outcome = correctLayer(samples, optionsOf({ target, fits, normalization: NORMALIZATION }));
    assertEquals([outcome.kept, outcome.target], [kept, target]);
    if (kept === "none") assertEquals([...outcome.correction.bias], [...optionsOf().bias]);
  }
});

Deno.test("A single sample is enough", () => {
  assertEquals(correctLayer([merged(momentsOf(layerValues(2, coarse)))], optionsOf()).kept, "moments");
});

Deno.test("Too few samples to hold out any are all corrected on", () => {
  const samples = momentsOf(layerValues(7, (value, _, __, sample) => value + (sample % 4 === 0 ? -3 : 1)));
  assertEquals(correctLayer(samples, optionsOf()).kept, "moments");
});

/** A layer with noise and, in each sample, another gain and shift around those given. */
function uncertain(samples: number, wanted: { slope: number; shift: number; noise: number; spread: number }) {
  const changes = random(23);
  const own = Array.from({ length: samples }, () => [normal(changes), normal(changes)]);
  return momentsOf(layerValues(samples, (value, channel, draw, sample) => {
    const [slope, shift] = own[sample].map((change) => change * wanted.spread);
    return value * (wanted.slope + slope) + wanted.shift + shift * (1 + channel) + wanted.noise * normal(draw);
  }));
}

Deno.test("What all samples agree on is corrected wholly, and noise does not pass for a larger gain", () => {
  const samples = uncertain(400, { slope: 0.8, shift: 0.5, noise: 0.6, spread: 1e-4 });
  const { correction, kept } = correctLayer(samples, optionsOf({ mode: "shrinkage" }));
  const moments = correctLayer(samples, optionsOf({ mode: "moments" })).correction;
  assertEquals(kept, "shrinkage");
  for (let channel = 0; channel < CHANNELS; channel++) {
    // The noise is 0.6 of a first channel's deviation of 1: it hides in the variance, not in the slope.
    assertAlmostEquals(correction.gain[channel], 1 / 0.8, 0.06);
    const { quantizedMean, floatMean } = merged(samples);
    const mean = correction.gain[channel] * quantizedMean[channel] + correction.bias[channel];
    assertAlmostEquals(mean, floatMean[channel], 0.1);
  }
  assert(moments.gain[0] < 1.05);
});

Deno.test("What differs from sample to sample is hardly corrected, and nothing is without trust or of one sample", () => {
  const { bias } = optionsOf();
  const wide = uncertain(60, { slope: 1.02, shift: 0.02, noise: 0.1, spread: 0.3 });
  const { correction } = correctLayer(wide, optionsOf({ mode: "shrinkage" }));
  for (let channel = 0; channel < CHANNELS; channel++) {
    assertAlmostEquals(correction.gain[channel], 1, 0.02);
    assertAlmostEquals(correction.bias[channel], bias[channel], 0.12);
  }
  const agreed = { slope: 0.9, shift: 0.5, noise: 0.1, spread: 0 };
  const none = { gain: new Float64Array(CHANNELS).fill(1), bias: Float64Array.from(bias) };
  for (const [count, trust] of [[20, 0], [1, 1]]) {
    const { correction } = correctLayer(uncertain(count, agreed), optionsOf({ mode: "shrinkage", trust }));
    for (let channel = 0; channel < CHANNELS; channel++) {
      assertAlmostEquals(correction.gain[channel], none.gain[channel], 1e-12);
      assertAlmostEquals(correction.bias[channel], none.bias[channel], 1e-12);
    }
  }
});
