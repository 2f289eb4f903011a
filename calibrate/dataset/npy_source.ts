/**
 * Samples from a `.npy` file.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import { prepareImage, type Preprocessing } from "../../runtime/preprocessing.ts";
import type { SampleSource } from "./dataset.ts";
import { imageInput, sizeError } from "./image_input.ts";
import { type NpyFile, openNpy, readNpyRow } from "./npy_file.ts";

/**
 * Opens a file of samples.
 *
 * uint8 images are [samples, height, width, channels], or [samples, height,
 * width] for one channel. Those of the network's size are taken as prepared
 * already; others are resized and cropped where the recipe has a resize.
 * float32 samples are whole inputs, [samples, ...shape of the network's own
 * input]; a first dimension of 1, such as that of a free batch, may be absent.
 *
 * @param path Path of the file.
 * @param inputShape Shape of the network's input with its batch.
 * @param preprocessing Recipe for images.
 * @param options Whether a recipe without a resize takes images of any size.
 * @returns The samples.
 * @throws {TypeError} If the elements are of another type, or the shape doesn't suit the network.
 * @throws {RangeError} If images are of another size and there is no resize.
 * @throws {SyntaxError} If the file can't be parsed.
 */
export async function npySource(
  path: string,
  inputShape: readonly number[],
  preprocessing?: Preprocessing,
  options: { anySize?: boolean } = {},
): Promise<SampleSource> {
  const file = await openNpy(path);
  if (file.type === "uint8") {
    return imageSource(file, inputShape, preprocessing, options.anySize ?? false);
  }
  if (file.type === "float32") return tensorSource(file, inputShape);
  throw new InputError(
    `${path} holds ${file.type}, expected uint8 images or float32 samples`,
  );
}

function imageSource(
  file: NpyFile,
  inputShape: readonly number[],
  preprocessing: Preprocessing | undefined,
  anySize: boolean,
): SampleSource {
  const input = imageInput(inputShape, preprocessing);
  const [length, height, width, channels] = file.shape.length === 3 ? [...file.shape, 1] : file.shape;
  if (
    file.shape.length < 3 || file.shape.length > 4 ||
    channels !== input.channels
  ) {
    throw new InputError(
      `${file.path} has shape ${file.shape.join("x")}, expected samples x height x width x ${input.channels}`,
    );
  }
  const prepared = height === input.height && width === input.width;
  if (!prepared && preprocessing?.resize === undefined && !(anySize && preprocessing)) {
    throw sizeError({ height, width }, input, file.path);
  }
  return {
    length,
    kind: "pixels",
    async read(index) {
      const data = await readNpyRow(file, index) as Uint8Array;
      if (prepared) return { pixels: data };
      return {
        pixels: prepareImage(
          { data, height, width, channels: input.channels },
          preprocessing!,
        ),
      };
    },
  };
}

function tensorSource(
  file: NpyFile,
  inputShape: readonly number[],
): SampleSource {
  const [length, ...shape] = file.shape;
  const single = inputShape[0] === 1 ? inputShape.slice(1) : inputShape;
  if (file.shape.length === 0 || ![inputShape, single].some((whole) => whole.join() === shape.join())) {
    throw new InputError(
      `${file.path} has shape ${shapeText(file.shape)}, expected ${shapeText(["samples", ...single])}: ` +
        `a sample is a whole input of the network, ${shapeText(inputShape)}`,
    );
  }
  return {
    length,
    kind: "tensor",
    async read(index) {
      const tensor = await readNpyRow(file, index) as Float32Array;
      const position = tensor.findIndex((value) => !Number.isFinite(value));
      if (position >= 0) {
        throw new InputRangeError(
          `Sample ${index} of ${file.path} has ${tensor[position]} at position ${position}`,
        );
      }
      return { tensor };
    },
  };
}

function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}
