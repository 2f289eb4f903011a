import { packDepthwiseU8 } from "../../calibrate/lower/pack_weights.ts";
import { type ConvolutionGeometry, convolutionU8 } from "../../kernels/reference/convolution.ts";
import { checkF32, checkU8, geometryWords, scratchBytes } from "./convolutions.ts";
import { assertKernel, type Random, random } from "./harness.ts";

/** One axis of a square kernel that can pass along lines: with a stride or a dilation, uneven pads. */
function axis(kernel: number, [stride, dilation]: readonly [number, number], draw: Random) {
  const span = (kernel - 1) * dilation + 1;
  const pads = [draw.integer(0, span), draw.integer(0, span)];
  const input = Math.max(draw.integer(1, 12), span - pads[0] - pads[1], 1);
  const output = Math.floor((input + pads[0] + pads[1] - span) / stride) + 1;
  return { stride, dilation, input, pad: pads[0], output };
}

function squareGeometry(kernel: number, draw: Random): ConvolutionGeometry {
  const x = axis(kernel, draw.pick([[1, 1], [1, 1], [2, 1], [1, 2], [1, 3]] as const), draw);
  const y = axis(kernel, draw.pick([[1, 1], [1, 1], [1, 2], [2, 1], [3, 2]] as const), draw);
  const channels = draw.pick([1, 3, 4, 7, 8, 9, 12, 16, 20, 33]);
  return {
    batch: draw.integer(1, 2),
    ...{ inputHeight: y.input, inputWidth: x.input, inputChannels: channels },
    ...{ outputHeight: y.output, outputWidth: x.output, outputChannels: channels },
    ...{ kernelHeight: kernel, kernelWidth: kernel, strideHeight: y.stride, strideWidth: x.stride },
    ...{ dilationHeight: y.dilation, dilationWidth: x.dilation, padTop: y.pad, padLeft: x.pad, groups: channels },
  };
}

for (const kernel of [3, 5]) {
  Deno.test(`A depthwise ${kernel}x${kernel} kernel equals the reference at every stride, dilation and border`, () => {
    const draw = random(50 + kernel);
    const activations = ["identity", "relu", "clip", "prelu", "hardSwish"] as const;
    for (let round = 0; round < 150; round++) {
      const geometry = squareGeometry(kernel, draw);
      const kind = { depthwise: true, activation: activations[round % activations.length] };
      checkU8(geometry, { ...kind, outputType: round % 4 === 0 ? "f32" : "u8", extreme: round % 10 === 9 }, draw);
      checkF32(geometry, kind, draw);
    }
  });
}

Deno.test("A depthwise kernel without an activation requantises by the multiplier alone", () => {
  const draw = random(61);
  for (let round = 0; round < 60; round++) {
    const g = squareGeometry(draw.pick([3, 5]), draw);
    checkRequantized(g, draw.f32(g.outputChannels, 0.0005, 0.003), draw);
  }
});

Deno.test("A multiplier that is infinite or no number counts as in the reference", () => {
  const draw = random(62);
  const special = [NaN, Infinity, -Infinity, 0, -0, 3e38, 1e-45, -1];
  for (let round = 0; round < 20; round++) {
    const g = squareGeometry(3, draw);
    checkRequantized(g, Float32Array.from({ length: g.outputChannels }, (_, i) => special[(i + round) % 8]), draw);
  }
});

/** Compares a depthwise convolution with its bias, multiplier and output clamp alone, some sums 0. */
function checkRequantized(g: ConvolutionGeometry, multiplier: Float32Array, draw: Random): void {
  const input = draw.u8(g.batch * g.inputHeight * g.inputWidth * g.inputChannels);
  const taps = g.kernelHeight * g.kernelWidth;
  const weights = draw.i8(g.outputChannels * taps);
  for (let channel = 0; channel < g.outputChannels; channel += 3) {
    weights.fill(0, channel * taps, (channel + 1) * taps);
  }
  const bias = Int32Array.from({ length: g.outputChannels }, (_, channel) => channel % 3 ? draw.integer(-9e4, 9e4) : 0);
  const options = {
    ...{ activation: "identity", outputType: "u8", outputScale: 1 } as const,
    ...{ inputZeroPoint: draw.integer(0, 255), outputZeroPoint: draw.integer(0, 255) },
    ...{ clampLow: draw.integer(0, 50), clampHigh: draw.integer(200, 255) },
  };
  const expected = convolutionU8(input, { weights, bias, multiplier }, { ...g, ...options });
  const packed = packDepthwiseU8(weights, [g.outputChannels, 1, g.kernelHeight, g.kernelWidth]);
  assertKernel("depthwise_u8", expected, (output) => [
    ...[{ read: input }, { constant: packed }, { constant: bias }, { constant: multiplier }, 0, { write: output }, {
      scratch: scratchBytes(g, true, 1),
    }],
    ...geometryWords(g),
    ...[options.inputZeroPoint, 0, options.outputZeroPoint, options.clampLow, options.clampHigh, 0, 0, 0],
    { float: 1 },
    { prepared: g.outputChannels },
  ]);
}

Deno.test("Depthwise kernels of one row, one column and many rows equal the reference", () => {
  const draw = random(63);
  for (const [kernelHeight, kernelWidth] of [[1, 1], [1, 3], [1, 9], [4, 1], [7, 7], [9, 2], [3, 5], [2, 2]]) {
    for (let round = 0; round < 6; round++) {
      const channels = draw.integer(1, 40);
      const [inputHeight, inputWidth] = [draw.integer(1, 9), draw.integer(1, 9)];
      const [padTop, padLeft] = [kernelHeight >> 1, kernelWidth >> 1];
      const geometry = {
        ...{ batch: 1, inputHeight, inputWidth, inputChannels: channels, outputChannels: channels, groups: channels },
        outputHeight: inputHeight + 2 * padTop - kernelHeight + 1,
        outputWidth: inputWidth + 2 * padLeft - kernelWidth + 1,
        ...{ kernelHeight, kernelWidth, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 },
        ...{ padTop, padLeft },
      };
      const kind = { depthwise: true, activation: "relu" } as const;
      checkU8(geometry, { ...kind, outputType: "u8", extreme: round % 3 === 0 }, draw);
      checkF32(geometry, kind, draw);
    }
  }
});
