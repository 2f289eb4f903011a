/**
 * Draws nodes over images and signals: convolutions, pools, resizes.
 *
 * @module
 */

import { type AttributeValue, floats } from "../../../support/onnx_writer.ts";
import {
  append,
  appendAll,
  chance,
  constant,
  type Draft,
  type Drawer,
  drawValue,
  integers,
  isFixed,
  type Shape,
  spreadOf,
  type Value,
  weights,
} from "../draft.ts";

type Attributes = Record<string, AttributeValue>;

/** An image or signal: [batch, channels, height, width] or [batch, channels, length]. */
function drawImage(draft: Draft, ranks: number[] = [3, 4, 4, 4]): Value | undefined {
  const rank = draft.random.pick(ranks);
  return drawValue(draft, ({ shape }) => shape.length === rank && isFixed(shape, 1));
}

/** A window over the dimensions from the third on. */
interface Window {
  kernel: number[];
  stride: number[];
  dilation: number[];
  pads: number[];
  autoPad: string;
  output: number[];
}

function drawWindow(
  draft: Draft,
  lengths: number[],
  { mostPad, dilates }: { mostPad?: number; dilates: boolean },
): Window | undefined {
  const { random } = draft;
  const kernel = lengths.map((length) => random.integer(1, Math.min(length, random.pick([1, 2, 3, 3, 5]))));
  const stride = lengths.map(() => random.pick([1, 1, 2, 3]));
  const autoPad = random.pick(["NOTSET", "NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]);
  // onnxruntime refuses dilated convolutions with automatic pads, and pads dilated pools as if they were not.
  const dilation = lengths.map(() => dilates && !autoPad.startsWith("SAME") && chance(draft, 0.2) ? 2 : 1);
  const pad = (axis: number) =>
    chance(draft, 0.5) ? 0 : random.integer(0, Math.min(2, (mostPad ?? 3) * 1, kernel[axis] - 1));
  const pads = autoPad === "NOTSET"
    ? [...lengths.map((_, axis) => pad(axis)), ...lengths.map((_, axis) => pad(axis))]
    : [];
  const output = lengths.map((length, axis) => {
    if (autoPad.startsWith("SAME")) return Math.ceil(length / stride[axis]);
    const padded = length + (pads[axis] ?? 0) + (pads[axis + lengths.length] ?? 0);
    return Math.floor((padded - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  });
  // onnxruntime refuses pools whose windows are so far apart that automatic pads would be negative.
  if (
    autoPad.startsWith("SAME") &&
    lengths.some((length, axis) => (output[axis] - 1) * stride[axis] + kernel[axis] < length)
  ) {
    return undefined;
  }
  return output.every((length) => length > 0) ? { kernel, stride, dilation, pads, autoPad, output } : undefined;
}

function windowAttributes(
  draft: Draft,
  { kernel, stride, dilation, pads, autoPad }: Window,
  pooling = false,
): Attributes {
  return {
    ...((pooling || chance(draft, 0.7)) && { kernel_shape: kernel }),
    ...((stride.some((step) => step > 1) || chance(draft, 0.5)) && { strides: stride }),
    ...(dilation.some((step) => step > 1) && { dilations: dilation }),
    ...(pads.some((pad) => pad !== 0) && { pads }),
    ...(autoPad !== "NOTSET" && { auto_pad: autoPad }),
  };
}

function drawGroups({ random }: Draft, channels: number): number {
  return random.pick([1, 1, channels, ...[2, 3].filter((groups) => channels % groups === 0)]);
}

/** Appends a convolution to a value. */
export function appendConv(draft: Draft, value: Value): Value | undefined {
  const [batch, channels, ...lengths] = value.shape;
  const window = drawWindow(draft, lengths, { dilates: true });
  if (!window) return undefined;
  const group = drawGroups(draft, channels);
  const outputs = group * draft.random.integer(1, group > 2 ? 2 : 4);
  const shape = [outputs, channels / group, ...window.kernel];
  const inputs = [value.name, weights(draft, shape, spreadOf(shape.slice(1).reduce((a, b) => a * b, 1)))];
  if (chance(draft, 0.6)) inputs.push(weights(draft, [outputs], 0.5));
  const attributes = { ...windowAttributes(draft, window), ...(group > 1 && { group }) };
  return append(draft, "Conv", inputs, [batch, outputs, ...window.output], attributes);
}

const drawConv: Drawer = (draft) => {
  const value = drawImage(draft);
  return !!value && !!appendConv(draft, value);
};

const drawConvTranspose: Drawer = (draft) => {
  const { random } = draft;
  const value = drawImage(draft);
  if (!value) return false;
  const [batch, channels, ...lengths] = value.shape;
  const kernel = lengths.map(() => random.integer(1, 3));
  const stride = lengths.map(() => random.integer(1, 3));
  const dilation = lengths.map(() => chance(draft, 0.15) ? 2 : 1);
  const extra = lengths.map((_, axis) => chance(draft, 0.3) ? random.integer(0, stride[axis] - 1) : 0);
  const reach = lengths.map((_, axis) => (kernel[axis] - 1) * dilation[axis]);
  const pad = (axis: number) => chance(draft, 0.5) ? 0 : random.integer(0, reach[axis]);
  const pads = [...lengths.map((_, axis) => pad(axis)), ...lengths.map((_, axis) => pad(axis))];
  const output = lengths.map((length, axis) =>
    (length - 1) * stride[axis] + reach[axis] + 1 + extra[axis] - pads[axis] - pads[axis + lengths.length]
  );
  if (output.some((length) => length < 1)) return false;
  const group = drawGroups(draft, channels);
  const each = random.integer(1, 3);
  const inputs = [value.name, weights(draft, [channels, each, ...kernel], spreadOf(channels / group))];
  if (chance(draft, 0.5)) inputs.push(weights(draft, [each * group], 0.5));
  const attributes: Attributes = {
    strides: stride,
    ...(dilation.some((step) => step > 1) && { dilations: dilation }),
    ...(pads.some((pad) => pad > 0) && { pads }),
    ...(extra.some((more) => more > 0) && { output_padding: extra }),
    ...(group > 1 && { group }),
  };
  return !!append(draft, "ConvTranspose", inputs, [batch, each * group, ...output], attributes);
};

const drawPool: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawImage(draft);
  if (!value) return false;
  const [batch, channels, ...lengths] = value.shape;
  const isMax = chance(draft, 0.5);
  const window = drawWindow(draft, lengths, { mostPad: 1, dilates: isMax ? opset >= 10 : opset >= 19 });
  if (!window) return false;
  const attributes = windowAttributes(draft, window, true);
  if (!isMax && chance(draft, 0.4)) attributes.count_include_pad = 1;
  if (opset >= 10 && window.autoPad === "NOTSET" && chance(draft, 0.25)) {
    attributes.ceil_mode = 1;
    window.output = lengths.map((length, axis) => {
      const { kernel, stride, dilation, pads } = window;
      const before = pads[axis];
      const room = length + before + pads[axis + lengths.length] - (kernel[axis] - 1) * dilation[axis] - 1;
      const out = Math.ceil(room / stride[axis]) + 1;
      return (out - 1) * stride[axis] >= length + before ? out - 1 : out;
    });
  }
  const shape = [batch, channels, ...window.output];
  if (!isMax) return !!append(draft, "AveragePool", [value.name], shape, attributes);
  if (!chance(draft, 0.05)) return !!append(draft, "MaxPool", [value.name], shape, attributes);
  const made = appendAll(draft, "MaxPool", [value.name], [shape, shape], attributes);
  if (made) draft.values.pop();
  return !!made && random.unit() < 2;
};

const drawGlobalPool: Drawer = (draft) => {
  const value = drawImage(draft, [3, 4, 4]);
  if (!value) return false;
  const op = draft.random.pick(["GlobalAveragePool", "GlobalMaxPool"]);
  return !!append(draft, op, [value.name], value.shape.map((length, axis) => axis < 2 ? length : 1));
};

const drawResize: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawImage(draft, [4, 4, 4, 3]);
  if (!value) return false;
  const mode = random.pick(["nearest", "linear"]);
  const [batch, channels, ...lengths] = value.shape;
  const scales = lengths.map(() => random.pick([2, 2, 1, 1.5, 3, 0.5, 0.6, 2.5]));
  const output = lengths.map((length, axis) => Math.floor(Math.fround(length * Math.fround(scales[axis]))));
  if (output.some((length) => length < 1)) return false;
  const given = floats([lengths.length + 2], [1, 1, ...scales]);
  if (opset < 11) {
    if (opset < 10 && scales.some((scale) => scale < 1)) return false;
    return !!append(draft, opset < 10 ? "Upsample" : "Resize", [value.name, constant(draft, given)], [
      batch,
      channels,
      ...output,
    ], {
      mode,
    });
  }
  const attributes: Attributes = { mode };
  if (chance(draft, 0.7)) {
    const modes = [
      "half_pixel",
      "asymmetric",
      "align_corners",
      "pytorch_half_pixel",
      ...(opset >= 19 ? ["half_pixel_symmetric"] : []),
    ];
    attributes.coordinate_transformation_mode = random.pick(modes);
  }
  if (mode === "nearest" && chance(draft, 0.6)) {
    attributes.nearest_mode = random.pick(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]);
  }
  const none = opset >= 13 ? "" : constant(draft, floats([0], []));
  if (chance(draft, 0.5) || value.shape[0] < 0) {
    return !!append(
      draft,
      "Resize",
      [value.name, none, constant(draft, given)],
      [batch, channels, ...output],
      attributes,
    );
  }
  const sizes = lengths.map((length) => random.integer(1, length * 2 + 1));
  const inputs = [
    value.name,
    none,
    opset >= 13 ? "" : constant(draft, floats([0], [])),
    integers(draft, [batch, channels, ...sizes]),
  ];
  return !!append(draft, "Resize", inputs, [batch, channels, ...sizes], attributes);
};

const drawDepthToSpace: Drawer = (draft) => {
  const value = drawImage(draft, [4]);
  if (!value) return false;
  const [batch, channels, height, width] = value.shape;
  if (channels % 4 === 0) {
    const mode: Attributes = draft.opset >= 11 && chance(draft, 0.5) ? { mode: "CRD" } : {};
    const shape: Shape = [batch, channels / 4, height * 2, width * 2];
    return !!append(draft, "DepthToSpace", [value.name], shape, { blocksize: 2, ...mode });
  }
  if (height % 2 || width % 2) return false;
  return !!append(draft, "SpaceToDepth", [value.name], [batch, channels * 4, height / 2, width / 2], { blocksize: 2 });
};

/** Nodes over images, with how often they are drawn. */
export const SPATIAL: [Drawer, weight: number][] = [
  [drawConv, 10],
  [drawConvTranspose, 2],
  [drawPool, 5],
  [drawGlobalPool, 1.5],
  [drawResize, 3],
  [drawDepthToSpace, 1],
];
