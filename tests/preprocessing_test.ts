import { assertEquals, assertThrows } from "@std/assert";
import {
  normalizationTable,
  normalizePixels,
  prepareImage,
  type Preprocessing,
  validatePreprocessing,
} from "../runtime/preprocessing.ts";
import {
  centerCrop,
  centerWindow,
  type Pixels,
  resizedSize,
  resizeImage,
  resizeWindow,
} from "../runtime/resize_image.ts";
import { digest, randomPixels } from "./support/images.ts";

function recipe(fields: Partial<Preprocessing> = {}): Preprocessing {
  return {
    crop: [4, 4],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    ...fields,
  };
}

Deno.test("resizing gives the bytes that Pillow gives", () => {
  assertEquals(
    Array.from(
      resizeImage(randomPixels({ height: 6, width: 9, channels: 1 }, 1), 3, 4)
        .data,
    ),
    [104, 120, 124, 139, 127, 123, 112, 143, 133, 173, 140, 124],
  );
  // deno-fmt-ignore
  const cases: [number, number, 1 | 3, number, number, number, number][] = [
    [37, 53, 3, 3, 16, 23, 0xdc3fd8c9],
    [53, 37, 3, 4, 61, 40, 0xd0ab25a0],
    [60, 11, 1, 5, 1, 50, 0x1bdb3feb],
    [24, 24, 3, 6, 24, 11, 0x5f55fc08],
    [90, 64, 3, 7, 45, 32, 0x6a7fe424],
    [1, 1, 3, 8, 5, 7, 0x94ee5485],
  ];
  for (
    const [height, width, channels, seed, toHeight, toWidth, expected] of cases
  ) {
    const image = resizeImage(
      randomPixels({ height, width, channels }, seed),
      toHeight,
      toWidth,
    );
    assertEquals([image.height, image.width, image.channels], [
      toHeight,
      toWidth,
      channels,
    ]);
    assertEquals(
      digest(image.data),
      expected,
      `${height}x${width} to ${toHeight}x${toWidth}`,
    );
  }
});

Deno.test("resize and centre crop give the bytes that torchvision gives", () => {
  const cases: [number, number, Preprocessing["resize"], [number, number], number][] = [
    [37, 53, 19, [16, 16], 0x10a8d9ae],
    [53, 37, 19, [16, 16], 0x61adc3d7],
    [40, 41, 17, [14, 14], 0x47884967],
    [61, 33, 20, [13, 13], 0xa9634927],
    [50, 38, 24, [21, 20], 0xd0c8eb03],
    [25, 40, 31, [24, 25], 0x82396402],
    [13, 9, 31, [31, 30], 0xc36c32ac],
    [11, 30, 33, [26, 27], 0x30f52da9],
    [30, 47, [24, 31], [21, 28], 0xe97d65cf],
    [21, 33, [40, 24], [40, 24], 0xf221d10c],
    [12, 12, [12, 19], [9, 12], 0xc883632d],
  ];
  for (const [height, width, resize, crop, expected] of cases) {
    const image = randomPixels({ height, width, channels: 3 }, 9);
    const bytes = prepareImage(image, recipe({ resize: resize!, crop }));
    assertEquals(digest(bytes), expected, `${height}x${width}`);
  }
  const grey = randomPixels({ height: 7, width: 5, channels: 1 }, 2);
  assertEquals(
    Array.from(prepareImage(grey, { resize: 6, crop: [5, 3], mean: [0], std: [1] })),
    [95, 155, 169, 71, 161, 200, 108, 153, 160, 137, 113, 73, 48, 44, 61],
  );
});

Deno.test("a resized window equals that part of the whole resized image", () => {
  const image = randomPixels({ height: 41, width: 67, channels: 4 }, 11);
  for (
    const size of [{ height: 20, width: 33 }, { height: 41, width: 67 }, {
      height: 90,
      width: 80,
    }]
  ) {
    const whole = resizeImage(image, size.height, size.width);
    const window = centerWindow(size, 15, 12);
    assertEquals(
      resizeWindow(image, size, window).data,
      centerCrop(whole, 15, 12).data,
    );
  }
});

Deno.test("a constant image stays constant at every size", () => {
  for (const value of [0, 1, 127, 254, 255]) {
    const image = {
      data: new Uint8Array(7 * 5 * 3).fill(value),
      height: 7,
      width: 5,
    };
    for (const [height, width] of [[1, 1], [3, 11], [20, 2]]) {
      assertEquals(
        new Set(resizeImage(image, height, width).data),
        new Set([value]),
      );
    }
  }
});

Deno.test("the short side is exact, the long side truncated, and two sides are taken as they stand", () => {
  const size = (width: number, height: number, target: number | [number, number]) => {
    const resized = resizedSize({ height, width }, target);
    return [resized.width, resized.height];
  };
  assertEquals(size(500, 375, 256), [341, 256]);
  assertEquals(size(375, 500, 256), [256, 341]);
  assertEquals(size(500, 334, 256), [383, 256]);
  assertEquals(size(640, 427, 256), [383, 256]);
  assertEquals(size(1024, 681, 256), [384, 256]);
  assertEquals(size(299, 401, 256), [256, 343]);
  assertEquals(size(800, 535, 256), [382, 256]);
  assertEquals(size(9, 9, 4), [4, 4]);
  assertEquals(size(500, 334, [192, 256]), [256, 192]);
});

Deno.test("half of an odd margin of a centre crop is rounded to the even number", () => {
  const top = (margin: number) => centerWindow({ height: 4 + margin, width: 4 }, 4, 4).top;
  assertEquals([0, 1, 2, 3, 4, 5, 6, 7, 115, 159].map(top), [0, 0, 1, 2, 2, 2, 3, 4, 58, 80]);
});

Deno.test("an image of extreme shape needs no more memory than its crop", () => {
  const image = {
    data: new Uint8Array(3_000_000 * 3).fill(9),
    height: 1,
    width: 3_000_000,
  };
  const bytes = prepareImage(image, recipe({ resize: 8, crop: [8, 8] }));
  assertEquals(bytes, new Uint8Array(8 * 8 * 3).fill(9));
});

Deno.test("an image of the crop's size passes through without a resize, and alpha is dropped", () => {
  const image = randomPixels({ height: 4, width: 4, channels: 4 }, 10);
  const expected = image.data.filter((_, index) => index % 4 !== 3);
  assertEquals(prepareImage(image, recipe()), expected);
});

Deno.test("without a resize an image of any other size just covers the crop, from its middle", () => {
  for (const [height, width] of [[4, 5], [31, 9], [9, 31], [2, 2], [1, 7], [400, 3]]) {
    const image = randomPixels({ height, width, channels: 3 }, height);
    assertEquals(prepareImage(image, recipe()), prepareImage(image, recipe({ resize: 4 })), `${height}x${width}`);
  }
  // Twice as wide as the crop after its height is reached: the middle half.
  const wide = randomPixels({ height: 8, width: 64, channels: 3 }, 3);
  const middle = resizeWindow(wide, { height: 4, width: 32 }, { top: 0, left: 8, height: 4, width: 16 });
  assertEquals(prepareImage(wide, recipe({ crop: [4, 16] })), middle.data);
  const tall = randomPixels({ height: 64, width: 32, channels: 3 }, 4);
  const band = resizeWindow(tall, { height: 32, width: 16 }, { top: 14, left: 0, height: 4, width: 16 });
  assertEquals(prepareImage(tall, recipe({ crop: [4, 16] })), band.data);
});

Deno.test("grey and colour are converted to what the network takes", () => {
  const colour = randomPixels({ height: 4, width: 4, channels: 3 }, 10);
  const grey = recipe({ mean: [0], std: [1] });
  assertEquals(
    Array.from(prepareImage(colour, grey)),
    [65, 13, 188, 79, 98, 62, 118, 56, 145, 113, 103, 203, 100, 113, 75, 46],
  );
  const single = { data: new Uint8Array(16).fill(77), height: 4, width: 4 };
  assertEquals(prepareImage(single, grey), single.data);
  assertEquals(prepareImage(single, recipe()), new Uint8Array(48).fill(77));
});

Deno.test("normalisation is rounded once from float64 and lays channels out as planes", () => {
  const preprocessing = recipe({ crop: [2, 3] });
  const image = randomPixels({ height: 2, width: 3, channels: 3 }, 12);
  const output = new Float32Array(18);
  normalizePixels(image.data, preprocessing, output);
  const table = normalizationTable(preprocessing);
  for (let c = 0; c < 3; c++) {
    for (let pixel = 0; pixel < 6; pixel++) {
      const byte = image.data[pixel * 3 + c];
      const expected = Math.fround(
        (byte / 255 - preprocessing.mean[c]) / preprocessing.std[c],
      );
      assertEquals(output[c * 6 + pixel], expected);
      assertEquals(table[c * 256 + byte], expected);
    }
  }
  assertThrows(
    () => normalizePixels(image.data.subarray(1), preprocessing, output),
    RangeError,
  );
  assertThrows(
    () => normalizePixels(image.data, preprocessing, output.subarray(1)),
    RangeError,
  );
});

Deno.test("a recipe from outside is copied when valid", () => {
  const value = { resize: 8, crop: [4, 6], mean: [0.5], std: [0.25] };
  const checked = validatePreprocessing(value, "preprocessing");
  assertEquals(checked, { resize: 8, crop: [4, 6], mean: [0.5], std: [0.25] });
  const stretched = { ...value, resize: [4, 9] };
  assertEquals(validatePreprocessing(stretched, "preprocessing"), stretched);
  value.crop[0] = 0;
  assertEquals(checked.crop, [4, 6]);
});

Deno.test("a recipe from outside is refused with the field at fault", () => {
  const cases: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [null, TypeError, "p must be an object"],
    [[], TypeError, "p must be an object"],
    [{ ...recipe(), size: 3 }, TypeError, 'p has an unknown field "size"'],
    [
      { ...recipe(), crop: undefined },
      TypeError,
      "p.crop must be a list of 2 numbers",
    ],
    [
      { ...recipe(), crop: [4] },
      TypeError,
      "p.crop must be a list of 2 numbers",
    ],
    [{ ...recipe(), crop: [4, "4"] }, TypeError, "p.crop must hold numbers"],
    [
      { ...recipe(), crop: [0, 4] },
      RangeError,
      "p.crop must hold whole pixels from 1 to 8192, not 0",
    ],
    [
      { ...recipe(), crop: [4, 4.5] },
      RangeError,
      "p.crop must hold whole pixels from 1 to 8192, not 4.5",
    ],
    [
      { ...recipe(), crop: [4, 1e9] },
      RangeError,
      "p.crop must hold whole pixels from 1 to 8192",
    ],
    [
      { ...recipe(), mean: [0, 0] },
      TypeError,
      "p.mean must be a list of 3 numbers",
    ],
    [{ ...recipe(), mean: [0] }, TypeError, "p.std must be a list of 1 number"],
    [
      { ...recipe(), mean: [0, NaN, 0] },
      RangeError,
      "p.mean must hold finite numbers",
    ],
    [
      { ...recipe(), std: [1, 0, 1] },
      RangeError,
      "p.std must hold positive numbers",
    ],
    [
      { ...recipe(), std: [1, 1e-300, 1] },
      RangeError,
      "p gives values beyond float32",
    ],
    [{ ...recipe(), resize: "8" }, TypeError, "p.resize must be a number, or a list of 2 numbers"],
    [{ ...recipe(), resize: [8] }, TypeError, "p.resize must be a list of 2 numbers"],
    [{ ...recipe(), resize: [8, "8"] }, TypeError, "p.resize must hold numbers"],
    [{ ...recipe(), resize: [8, 0] }, RangeError, "p.resize must hold whole pixels from 1 to 8192, not 0"],
    [{ ...recipe(), resize: [8, 3] }, RangeError, "p.resize is 8x3, smaller than the crop of 4x4"],
    [
      { ...recipe(), resize: 2 },
      RangeError,
      "p.resize is 2, smaller than the crop of 4x4",
    ],
    [
      { ...recipe(), resize: Infinity },
      RangeError,
      "p.resize must hold whole pixels",
    ],
  ];
  for (const [value, kind, message] of cases) {
    assertThrows(() => validatePreprocessing(value, "p"), kind, message);
  }
});

Deno.test("an image that contradicts itself is refused", () => {
  const data = new Uint8Array(12);
  const cases: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [null, TypeError, "An image must be an object"],
    [
      { data: [1, 2, 3], width: 1, height: 1 },
      TypeError,
      "must be a Uint8Array",
    ],
    [
      { data, width: 0, height: 2 },
      RangeError,
      "Image width must be a positive integer, not 0",
    ],
    [
      { data, width: 2, height: 1.5 },
      RangeError,
      "Image height must be a positive integer, not 1.5",
    ],
    [
      { data, width: 3, height: 2 },
      TypeError,
      "An image must have 1, 3 or 4 channels, not 2",
    ],
    [
      { data, width: 2, height: 2, channels: 4 },
      TypeError,
      "has 16 bytes, not 12",
    ],
  ];
  for (const [image, kind, message] of cases) {
    assertThrows(() => resizeImage(image as Pixels, 1, 1), kind, message);
    assertThrows(() => centerCrop(image as Pixels, 1, 1), kind, message);
    assertThrows(() => prepareImage(image as Pixels, recipe()), kind, message);
  }
  const image = { data, width: 2, height: 2 };
  assertThrows(() => resizeImage(image, 0, 1), RangeError);
  assertThrows(() => resizeImage(image, 1, NaN), RangeError);
  assertThrows(
    () => centerCrop(image, 3, 1),
    RangeError,
    "is not inside an image of 2x2",
  );
});
