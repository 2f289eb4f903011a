/**
 * The stored recipe that turns pixels into a network's input.
 *
 * @module
 */

import { InputError, InputRangeError } from "./errors.ts";
import { centerWindow, channelsOf, type Pixels, resizedSize, resizeWindow } from "./resize_image.ts";

/** How an image becomes the network's input: resize, centre crop, normalise. */
export interface Preprocessing {
  /**
   * Size after the antialiased bilinear resize, in pixels: of the shorter side, or [height, width] of an image that is
   * stretched to it; absent: the least that covers the crop.
   */
  resize?: number | [number, number];
  /** [height, width] in pixels of the centre crop, equal to the network's input. */
  crop: [number, number];
  /** Mean of each channel, on pixels scaled to 0..1. */
  mean: number[];
  /** Standard deviation of each channel, on pixels scaled to 0..1. */
  std: number[];
}

/** Largest side in pixels that a resize or a crop may ask for. */
const LARGEST_INPUT_SIDE = 8192;

/**
 * Checks a recipe that comes from outside.
 *
 * @param value What should be a recipe for 1 or 3 channels.
 * @param where Where it stands, for messages.
 * @returns A copy with the known fields alone.
 * @throws {TypeError} If a field is missing, unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range, or the crop larger than the resized image.
 */
export function validatePreprocessing(
  value: unknown,
  where: string,
): Preprocessing {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${where} must be an object`);
  }
  for (const key of Object.keys(value)) {
    if (!["resize", "crop", "mean", "std"].includes(key)) {
      throw new InputError(
        `${where} has an unknown field ${JSON.stringify(key)}`,
      );
    }
  }
  const { resize, crop, mean, std } = value as Record<string, unknown>;
  const [height, width] = numbers(crop, 2, `${where}.crop`);
  checkLength(height, `${where}.crop`);
  checkLength(width, `${where}.crop`);
  const channels = Array.isArray(mean) && mean.length === 1 ? 1 : 3;
  const recipe: Preprocessing = {
    crop: [height, width],
    mean: numbers(mean, channels, `${where}.mean`),
    std: numbers(std, channels, `${where}.std`),
  };
  if (recipe.std.some((deviation) => deviation <= 0)) {
    throw new InputRangeError(`${where}.std must hold positive numbers`);
  }
  const isFinite = (byte: number, channel: number) => Number.isFinite(normalize(recipe, byte, channel));
  if (!recipe.mean.every((_, channel) => isFinite(0, channel) && isFinite(255, channel))) {
    throw new InputRangeError(`${where} gives values beyond float32`);
  }
  if (resize !== undefined) {
    recipe.resize = checkResize(resize, recipe.crop, `${where}.resize`);
  }
  return recipe;
}

/**
 * Resizes and crops an image to the network's input.
 *
 * Without a resize in the recipe an image of the crop's size is taken as it is,
 * and any other is resized until it just covers the crop, which for a square one
 * is a resize of the shorter side to its length.
 * Alpha is dropped; a grey image is repeated for a network of 3 channels; a
 * colour image becomes grey by ITU-R 601 weights, as in Pillow, for one of 1.
 *
 * @param image Image of any size.
 * @param preprocessing A valid recipe.
 * @returns height x width x channels bytes of the crop, channels last.
 * @throws {TypeError} If it is no image, or its data don't fit its size.
 * @throws {InputRangeError} If its size is out of range.
 */
export function prepareImage(
  image: Pixels,
  preprocessing: Preprocessing,
): Uint8Array {
  const { resize, crop: [height, width], mean } = preprocessing;
  const source = withChannels(image, mean.length);
  if (image.height === height && image.width === width && resize === undefined) return new Uint8Array(source.data);
  const size = resize === undefined ? coveringSize(source, height, width) : resizedSize(source, resize);
  const resized = resizeWindow(source, size, centerWindow(size, height, width));
  return resized.data as Uint8Array;
}

/** The smallest size of an image that covers a crop, in its own proportions. */
function coveringSize(image: Pixels, height: number, width: number): { height: number; width: number } {
  return image.height * width <= image.width * height
    ? { height, width: Math.trunc(height * image.width / image.height) }
    : { height: Math.trunc(width * image.height / image.width), width };
}

/**
 * Tabulates the value that each byte of each channel has after normalisation.
 *
 * @param preprocessing A valid recipe.
 * @returns channels x 256 values: float32((byte / 255 - mean) / std), computed in float64.
 */
export function normalizationTable(preprocessing: Preprocessing): Float32Array {
  const table = new Float32Array(preprocessing.mean.length * 256);
  for (let index = 0; index < table.length; index++) table[index] = normalize(preprocessing, index & 255, index >> 8);
  return table;
}

function normalize({ mean, std }: Preprocessing, byte: number, channel: number): number {
  return Math.fround((byte / 255 - mean[channel]) / std[channel]);
}

/**
 * Turns the bytes of a prepared image into the numbers that the network takes.
 *
 * @param hwc height x width x channels bytes, channels last, as from `prepareImage`.
 * @param preprocessing A valid recipe.
 * @param output Receives channels x height x width values.
 * @throws {RangeError} If a length doesn't match the recipe.
 */
export function normalizePixels(
  hwc: Uint8Array,
  preprocessing: Preprocessing,
  output: Float32Array,
): void {
  const { crop: [height, width], mean } = preprocessing;
  const channels = mean.length;
  const pixels = height * width;
  if (hwc.length !== pixels * channels || output.length !== hwc.length) {
    throw new InputRangeError(
      `A prepared image has ${pixels * channels} values, not ${hwc.length} bytes for ${output.length} values`,
    );
  }
  const table = normalizationTable(preprocessing);
  for (let channel = 0; channel < channels; channel++) {
    const values = table.subarray(channel * 256, channel * 256 + 256);
    const target = channel * pixels;
    for (let pixel = 0, at = channel; pixel < pixels; pixel++, at += channels) {
      output[target + pixel] = values[hwc[at]];
    }
  }
}

/** The image with 1 or 3 channels. */
function withChannels(image: Pixels, channels: number): Pixels {
  const step = channelsOf(image);
  if (step === channels) return image;
  const { data, height, width } = image;
  const result = new Uint8Array(height * width * channels);
  for (let pixel = 0, at = 0; pixel < height * width; pixel++, at += step) {
    if (channels === 1) {
      result[pixel] = (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 +
        32768) >> 16;
    } else {
      for (let c = 0; c < channels; c++) {
        result[pixel * channels + c] = data[step === 1 ? at : at + c];
      }
    }
  }
  return { data: result, height, width, channels: channels === 1 ? 1 : 3 };
}

function numbers(value: unknown, length: number, where: string): number[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new InputError(
      `${where} must be a list of ${length} ${length === 1 ? "number" : "numbers"}`,
    );
  }
  for (const item of value) {
    if (typeof item !== "number") {
      throw new InputError(`${where} must hold numbers`);
    }
    if (!Number.isFinite(item)) {
      throw new InputRangeError(`${where} must hold finite numbers`);
    }
  }
  return value.slice();
}

function checkResize(value: unknown, [height, width]: Preprocessing["crop"], where: string): number | [number, number] {
  if (typeof value !== "number" && !Array.isArray(value)) {
    throw new InputError(`${where} must be a number, or a list of 2 numbers`);
  }
  const sides = typeof value === "number" ? [value, value] : numbers(value, 2, where);
  for (const side of sides) checkLength(side, where);
  if (sides[0] < height || sides[1] < width) {
    const size = typeof value === "number" ? value : sides.join("x");
    throw new InputRangeError(`${where} is ${size}, smaller than the crop of ${height}x${width}`);
  }
  return typeof value === "number" ? value : [sides[0], sides[1]];
}

function checkLength(value: number, where: string): void {
  if (!Number.isInteger(value) || value < 1 || value > LARGEST_INPUT_SIDE) {
    throw new InputRangeError(
      `${where} must hold whole pixels from 1 to ${LARGEST_INPUT_SIDE}, not ${value}`,
    );
  }
}
