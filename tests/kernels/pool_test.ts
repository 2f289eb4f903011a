import {
  averagePoolF32,
  averagePoolU8,
  maxPoolF32,
  maxPoolU8,
  type PoolGeometry,
} from "../../kernels/reference/pool.ts";
import { assertKernel, type Field, type Random, random, type Values } from "./harness.ts";

function randomGeometry(draw: Random): PoolGeometry {
  const axis = () => {
    const kernel = draw.integer(1, 7);
    const dilation = draw.integer(1, kernel > 3 ? 1 : 3);
    const stride = draw.integer(1, 3);
    const span = (kernel - 1) * dilation + 1;
    const pads = [draw.integer(0, kernel - 1), draw.integer(0, kernel - 1)];
    const input = Math.max(draw.integer(1, 9), span - pads[0] - pads[1], 1);
    const ceil = draw.integer(0, 1) * (stride - 1);
    const output = Math.floor((input + pads[0] + pads[1] - span + ceil) / stride) + 1;
    return { kernel, dilation, stride, pads, input, output };
  };
  const [y, x] = [axis(), axis()];
  return {
    batch: draw.integer(1, 2),
    inputHeight: y.input,
    inputWidth: x.input,
    channels: draw.integer(1, 40),
    outputHeight: y.output,
    outputWidth: x.output,
    kernelHeight: y.kernel,
    kernelWidth: x.kernel,
    strideHeight: y.stride,
    strideWidth: x.stride,
    dilationHeight: y.dilation,
    dilationWidth: x.dilation,
    padTop: y.pads[0],
    padLeft: x.pads[0],
    padBottom: y.pads[1],
    padRight: x.pads[1],
  };
}

function fields(input: Values, g: PoolGeometry, rest: Field[]): (output: Values) => Field[] {
  return (output) => [
    ...[{ read: input }, { write: output }],
    ...[g.batch, g.inputHeight, g.inputWidth, g.channels, g.outputHeight, g.outputWidth],
    ...[g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth],
    ...[g.padTop, g.padLeft, g.padBottom, g.padRight],
    ...rest,
  ];
}

Deno.test("Maximum pooling equals the reference", () => {
  const draw = random(31);
  for (let round = 0; round < 60; round++) {
    const g = randomGeometry(draw);
    const length = g.batch * g.inputHeight * g.inputWidth * g.channels;
    const bytes = draw.u8(length);
    const floats = draw.f32(length);
    assertKernel("max_pool_u8", maxPoolU8(bytes, g), fields(bytes, g, [0, 0, 0, 0]));
    assertKernel("max_pool_f32", maxPoolF32(floats, g), fields(floats, g, [0, 0, 0, 0]));
  }
});

Deno.test("Average pooling equals the reference with and without padding in the count", () => {
  const draw = random(32);
  for (let round = 0; round < 80; round++) {
    const g = randomGeometry(draw);
    const length = g.batch * g.inputHeight * g.inputWidth * g.channels;
    const bytes = draw.u8(length);
    const floats = draw.f32(length);
    const options = {
      ...g,
      countIncludePad: round % 2 === 0,
      inputZeroPoint: draw.pick([0, 255, 99]),
      outputZeroPoint: draw.pick([0, 255, 120]),
      scale: draw.float(0.3, 1.5),
    };
    const words = [Number(options.countIncludePad), options.inputZeroPoint, options.outputZeroPoint];
    const rest = [...words, { float: options.scale }];
    assertKernel("average_pool_u8", averagePoolU8(bytes, options), fields(bytes, g, rest));
    assertKernel("average_pool_f32", averagePoolF32(floats, options), fields(floats, g, rest));
  }
});
