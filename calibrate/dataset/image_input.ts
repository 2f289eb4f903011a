/**
 * What an image has to be like for a network.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";

/** Size of the images that a network takes. */
export interface ImageInput {
  /** Height in pixels. */
  height: number;
  /** Width in pixels. */
  width: number;
  /** 1 grey, 3 colour. */
  channels: 1 | 3;
}

/**
 * Tells from the shape of a network's input which images it takes.
 *
 * @param shape [1, channels, height, width], with 1 or 3 channels.
 * @param preprocessing A recipe that has to agree with it.
 * @returns Size of the images.
 * @throws {TypeError} If the network takes no images, or the recipe is for others.
 */
export function imageInput(
  shape: readonly number[],
  preprocessing?: Preprocessing,
): ImageInput {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new InputError(
      `A network whose input is ${shape.join("x")} takes no images, expected batch x 1 or 3 x height x width`,
    );
  }
  if (batch !== 1) {
    throw new InputError(
      `A network whose input is ${shape.join("x")} takes ${batch} images at once: give float32 samples of ` +
        `[samples, ${shape.join(", ")}], or export it for one image or a free batch`,
    );
  }
  const input: ImageInput = { height, width, channels };
  if (preprocessing !== undefined) {
    const { crop, mean } = preprocessing;
    if (crop[0] !== height || crop[1] !== width) {
      throw new InputError(
        `A crop of ${crop.join("x")} does not match the network's input ${sizeOf(input)}`,
      );
    }
    if (mean.length !== input.channels) {
      throw new InputError(
        `A mean of ${mean.length} ${
          mean.length === 1 ? "channel" : "channels"
        } does not match the network's input of ${input.channels}`,
      );
    }
  }
  return input;
}

/**
 * Writes a size as "height x width".
 *
 * @param size Size in pixels.
 * @returns For example "224x224".
 */
export function sizeOf(size: { height: number; width: number }): string {
  return `${size.height}x${size.width}`;
}

/**
 * Makes the error for an image that has neither the network's size nor a resize.
 *
 * @param size Size of the image.
 * @param input What the network takes.
 * @param where Name of the image's file.
 * @returns The error.
 */
export function sizeError(
  size: { height: number; width: number },
  input: ImageInput,
  where: string,
): RangeError {
  return new InputRangeError(
    `Image size ${sizeOf(size)} does not match the network's input ${sizeOf(input)}; add --resize or --crop (${where})`,
  );
}
