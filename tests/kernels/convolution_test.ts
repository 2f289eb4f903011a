import type { ConvolutionGeometry } from "../../kernels/reference/convolution.ts";
import { kinds } from "./activations.ts";
import { checkF32, checkU8, randomGeometry } from "./convolutions.ts";
import { type Random, random } from "./harness.ts";

const ROUNDS = 12;

for (const depthwise of [false, true]) {
  const name = depthwise ? "A depthwise convolution" : "A convolution";

  Deno.test(`${name} on u8 equals the reference for every activation and output type`, () => {
    const draw = random(depthwise ? 1 : 2);
    for (const activation of kinds) {
      for (let round = 0; round < ROUNDS; round++) {
        const outputType = round % 3 === 0 ? "f32" : "u8";
        checkU8(randomGeometry(draw, depthwise), { depthwise, activation, outputType, extreme: false }, draw);
      }
    }
  });

  Deno.test(`${name} on f32 equals the reference for every activation`, () => {
    const draw = random(depthwise ? 3 : 4);
    for (const activation of kinds) {
      for (let round = 0; round < ROUNDS; round++) {
        checkF32(randomGeometry(draw, depthwise), { depthwise, activation }, draw);
      }
    }
  });

  Deno.test(`${name} does not saturate on the largest products`, () => {
    const draw = random(depthwise ? 5 : 6);
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const kind = { depthwise, activation: "identity", outputType: round % 2 ? "u8" : "f32", extreme: true } as const;
      checkU8(randomGeometry(draw, depthwise), kind, draw);
    }
  });
}

/** Geometry of a fully connected layer. */
function fullyConnected(rows: number, draw: Random): ConvolutionGeometry {
  return {
    ...{ batch: 1, inputHeight: rows, inputWidth: 1, outputHeight: rows, outputWidth: 1 },
    ...{ inputChannels: draw.integer(1, 150), outputChannels: draw.integer(1, 40), groups: 1 },
    ...{ kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 },
    ...{ padTop: 0, padLeft: 0 },
  };
}

Deno.test("A fully connected layer equals the reference for any number of rows around whole tiles and blocks", () => {
  const draw = random(7);
  const counts = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const rows of [...counts, 63, 64, 70, 124, 125, 126, 127, 128, 129, 130, 132, 253, 254, 257, 379, 515]) {
    const geometry = fullyConnected(rows, draw);
    const kind = { depthwise: false, activation: "relu" } as const;
    for (const extreme of [false, true]) checkU8(geometry, { ...kind, outputType: "u8", extreme }, draw);
    checkF32(geometry, kind, draw);
  }
});

Deno.test("A convolution of few positions equals the reference for any number of channels", () => {
  const draw = random(9);
  for (let channels = 24; channels <= 104; channels++) {
    const [height, width] = [draw.integer(1, 2), draw.integer(1, 2)];
    const [kernelHeight, kernelWidth] = [draw.integer(1, 3), draw.integer(1, 3)];
    const geometry = {
      ...fullyConnected(1, draw),
      ...{ inputHeight: height, inputWidth: width, outputHeight: height, outputWidth: width },
      ...{ outputChannels: channels, kernelHeight, kernelWidth },
      ...{ padTop: (kernelHeight - 1) >> 1, padLeft: (kernelWidth - 1) >> 1 },
    };
    const activation = channels % 2 ? "relu" : "sigmoid";
    for (const outputType of ["u8", "f32"] as const) {
      checkU8(geometry, { depthwise: false, activation, outputType, extreme: channels % 3 === 0 }, draw);
    }
    checkF32(geometry, { depthwise: false, activation }, draw);
  }
});
