import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset, Sample } from "../calibrate/dataset/dataset.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { prepareImage, type Preprocessing } from "../runtime/preprocessing.ts";
import { encodePng, gradientPixels, randomPixels } from "./support/images.ts";

const COLOUR: Preprocessing = { crop: [4, 6], mean: [0, 0, 0], std: [1, 1, 1] };
const INPUT = [1, 3, 4, 6];
const SHARED = new URL("../../shared/data/imagenet-sample/", import.meta.url);

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readAll(dataset: Dataset): Promise<Sample[]> {
  const samples = [];
  for (let index = 0; index < dataset.length; index++) {
    samples.push(await dataset.sample(index));
  }
  return samples;
}

/** A version 1 file whose description is `text`. */
function npyOf(text: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(10 + text.length + data.length);
  bytes.set([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    text.length & 255,
    text.length >> 8,
  ]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes.set(data, 10 + text.length);
  return bytes;
}

function description(type: string, shape: string, order = "False"): string {
  return `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

Deno.test("a written .npy file is read back", () => {
  const arrays = [
    {
      shape: [2, 3],
      data: new Uint8Array([1, 2, 3, 4, 5, 255]),
      type: "uint8",
    },
    {
      shape: [4],
      data: new Int32Array([-1, 0, 7, 2 ** 31 - 1]),
      type: "int32",
    },
    { shape: [1, 1, 2], data: new Float32Array([1.5, -0]), type: "float32" },
    { shape: [], data: new Float32Array([3]), type: "float32" },
    { shape: [0, 5], data: new Uint8Array(0), type: "uint8" },
  ] as const;
  for (const { shape, data, type } of arrays) {
    const file = writeNpy(shape, data);
    assertEquals((file.length - data.byteLength) % 64, 0);
    assertEquals(readNpy(file, "a.npy"), { type, shape: [...shape], data });
  }
  assertThrows(
    () => writeNpy([2, 2], new Uint8Array(3)),
    RangeError,
    "A shape of 2x2 does not fit 3 elements",
  );
});

Deno.test("a .npy file cut off at any byte is refused", () => {
  const file = writeNpy([3, 2], new Float32Array(6));
  for (let length = 0; length < file.length; length++) {
    assertThrows(
      () => readNpy(file.subarray(0, length), "a.npy"),
      SyntaxError,
      "a.npy",
    );
  }
  assertThrows(
    () => readNpy(new Uint8Array([...file, 0]), "a.npy"),
    SyntaxError,
    "a.npy has 1 bytes after its data",
  );
});

Deno.test("a .npy file of another kind is refused with its reason", () => {
  const cases: [Uint8Array, typeof TypeError | typeof SyntaxError, string][] = [
    [npyOf(description(">f4", "(0,)")), TypeError, "holds big-endian numbers"],
    [npyOf(description("|O", "(0,)")), TypeError, 'elements of type "|O"'],
    [
      npyOf(description("toString", "(0,)")),
      TypeError,
      'elements of type "toString"',
    ],
    [
      npyOf(description("<f4", "(0,)", "True")),
      TypeError,
      "is in Fortran order",
    ],
    [
      npyOf(
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (0,), }\n",
      ),
      TypeError,
      "holds records",
    ],
    [npyOf(description("<f4", "(3)")), SyntaxError, "malformed shape (3)"],
    [npyOf(description("<f4", "(3,,)")), SyntaxError, "malformed shape"],
    [
      npyOf(description("<f4", "(999999999, 999999999)")),
      SyntaxError,
      "too many elements",
    ],
    [
      npyOf(description("<f4", `(${"1, ".repeat(40)})`)),
      SyntaxError,
      "malformed shape",
    ],
    [
      npyOf("{'descr': '<f4', 'shape': (0,), }\n"),
      SyntaxError,
      "no .npy description",
    ],
    [
      npyOf("{'descr': '<f4', 'descr': '<f4', 'shape': (0,), }\n"),
      SyntaxError,
      "no .npy description",
    ],
    [
      npyOf("{'descr': True, 'fortran_order': False, 'shape': (0,), }\n"),
      SyntaxError,
      "no .npy description",
    ],
    [npyOf("__import__('os')\n"), SyntaxError, "no .npy description"],
    [
      new TextEncoder().encode("PK\x03\x04 a zip file"),
      SyntaxError,
      "is not a .npy file",
    ],
    [
      new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 0, 0]),
      SyntaxError,
      "version 9",
    ],
    [
      new Uint8Array([
        0x93,
        0x4e,
        0x55,
        0x4d,
        0x50,
        0x59,
        2,
        0,
        255,
        255,
        255,
        255,
      ]),
      SyntaxError,
      "a header of 4294967295 bytes",
    ],
  ];
  for (const [bytes, kind, message] of cases) {
    assertThrows(() => readNpy(bytes, "a.npy"), kind, message);
  }
});

Deno.test("uint8 images of the network's size are taken as prepared", async () => {
  await inFolder(async (folder) => {
    const pixels = randomPixels({ height: 5 * 4, width: 6, channels: 3 }, 1).data;
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([5, 4, 6, 3], pixels));
    await Deno.writeFile(
      `${folder}/y.npy`,
      writeNpy([5], new Int32Array([4, 0, 3, 1, 2])),
    );
    const dataset = await openDataset(`${folder}/x.npy`, {
      inputShape: INPUT,
      labels: `${folder}/y.npy`,
      preprocessing: { ...COLOUR, resize: 8 },
    });
    assertEquals([dataset.length, dataset.kind], [5, "pixels"]);
    assertEquals(dataset.labels, new Int32Array([4, 0, 3, 1, 2]));
    const expected = [0, 1, 2, 3, 4].map((i) => ({
      pixels: pixels.slice(i * 72, i * 72 + 72),
    }));
    assertEquals(await readAll(dataset), expected);
    await assertRejects(
      () => dataset.sample(5),
      RangeError,
      "There is no sample 5, expected 0 to 4",
    );
  });
});

Deno.test("uint8 images of another size are resized where the recipe says so and refused otherwise", async () => {
  await inFolder(async (folder) => {
    const image = randomPixels({ height: 9, width: 11, channels: 3 }, 2);
    const path = `${folder}/x.npy`;
    await Deno.writeFile(path, writeNpy([1, 9, 11, 3], image.data));
    const preprocessing = { ...COLOUR, resize: 7 };
    const dataset = await openDataset(path, {
      inputShape: INPUT,
      preprocessing,
    });
    assertEquals(await dataset.sample(0), {
      pixels: prepareImage(image, preprocessing),
    });
    await assertRejects(
      () => openDataset(path, { inputShape: INPUT, preprocessing: COLOUR }),
      RangeError,
      "Image size 9x11 does not match the network's input 4x6; add --resize or --crop",
    );
    await assertRejects(
      () =>
        openDataset(path, {
          inputShape: INPUT,
          preprocessing: { ...COLOUR, crop: [3, 6] },
        }),
      TypeError,
      "A crop of 3x6 does not match the network's input 4x6",
    );
    await assertRejects(
      () => openDataset(path, { inputShape: [1, 1, 9, 11] }),
      TypeError,
      "has shape 1x9x11x3, expected samples x height x width x 1",
    );
    await assertRejects(
      () => openDataset(path, { inputShape: [1, 297] }),
      TypeError,
      "A network whose input is 1x297 takes no images",
    );
  });
});

Deno.test("grey images may leave out their channel", async () => {
  await inFolder(async (folder) => {
    const { data } = randomPixels({ height: 8, width: 6, channels: 1 }, 3);
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([2, 4, 6], data));
    const dataset = await openDataset(`${folder}/x.npy`, { inputShape: [1, 1, 4, 6] });
    assertEquals(await dataset.sample(1), { pixels: data.slice(24) });
    await assertRejects(
      () => openDataset(`${folder}/x.npy`, { inputShape: [1, 4, 6, 1] }),
      TypeError,
      "A network whose input is 1x4x6x1 takes no images",
    );
  });
});

Deno.test("float32 samples have the network's own layout and no NaN or infinity", async () => {
  await inFolder(async (folder) => {
    const values = Float32Array.from(
      { length: 3 * 5 },
      (_, index) => index / 4,
    );
    values[7] = NaN;
    values[14] = -Infinity;
    const path = `${folder}/x.npy`;
    await Deno.writeFile(path, writeNpy([3, 5], values));
    const dataset = await openDataset(path, { inputShape: [1, 5] });
    assertEquals(dataset.kind, "tensor");
    assertEquals(await dataset.sample(0), { tensor: values.slice(0, 5) });
    await assertRejects(() => dataset.sample(1), RangeError, "Sample 1 of");
    await assertRejects(
      () => dataset.sample(2),
      RangeError,
      "has -Infinity at position 4",
    );
    await assertRejects(
      () => openDataset(path, { inputShape: [1, 6] }),
      TypeError,
      "has shape 3x5, expected samples x 6",
    );
  });
});

Deno.test("fewer samples are spread evenly over the set with their labels", async () => {
  await inFolder(async (folder) => {
    const data = Uint8Array.from({ length: 10 }, (_, index) => index);
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([10, 1, 1, 1], data));
    await Deno.writeFile(`${folder}/y.npy`, writeNpy([10], data));
    const options = { inputShape: [1, 1, 1, 1], labels: `${folder}/y.npy` };
    for (
      const [samples, expected] of [[4, [0, 2, 5, 7]], [1, [0]], [10, [
        ...data,
      ]], [99, [...data]]] as const
    ) {
      const dataset = await openDataset(`${folder}/x.npy`, {
        ...options,
        samples,
      });
      assertEquals(Array.from(dataset.labels!), [...expected]);
      const read = await readAll(dataset) as { pixels: Uint8Array }[];
      assertEquals(read.map(({ pixels }) => pixels[0]), [...expected]);
    }
    for (const samples of [0, -1, 1.5, NaN]) {
      await assertRejects(
        () => openDataset(`${folder}/x.npy`, { ...options, samples }),
        RangeError,
      );
    }
  });
});

Deno.test("labels must be one class index for each sample", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(
      `${folder}/x.npy`,
      writeNpy([2, 1, 1, 1], new Uint8Array(2)),
    );
    const wide = npyOf(
      description("<i8", "(2,)"),
      new Uint8Array(new BigInt64Array([3n, 2n ** 40n]).buffer),
    );
    const cases: [Uint8Array, typeof TypeError | typeof RangeError, string][] = [
      [
        writeNpy([3], new Int32Array(3)),
        RangeError,
        "has 3 labels for 2 samples",
      ],
      [writeNpy([2], new Int32Array([0, -1])), RangeError, "Label 1 of"],
      [wide, RangeError, "is 1099511627776, expected a class index"],
      [
        writeNpy([2], new Float32Array(2)),
        TypeError,
        "holds float32, expected labels",
      ],
      [
        writeNpy([2, 1], new Int32Array(2)),
        TypeError,
        "has 2 dimensions, expected 1",
      ],
    ];
    for (const [bytes, kind, message] of cases) {
      await Deno.writeFile(`${folder}/y.npy`, bytes);
      const options = { inputShape: [1, 1, 1, 1], labels: `${folder}/y.npy` };
      await assertRejects(
        () => openDataset(`${folder}/x.npy`, options),
        kind,
        message,
      );
    }
  });
});

Deno.test("a folder of images is sorted, and its sub-folders are the classes", async () => {
  await inFolder(async (folder) => {
    const names = [
      "b/2.PNG",
      "b/10.png",
      "a/x.png",
      "B/nested/deep.png",
      "a/.hidden.png",
      ".git/y.png",
      "a/readme.txt",
    ];
    const images = new Map(
      names.map((
        name,
        seed,
      ) => [name, randomPixels({ height: 4, width: 6, channels: 3 }, seed)]),
    );
    for (const sub of ["a", "b", "B/nested", ".git", "empty"]) {
      await Deno.mkdir(`${folder}/${sub}`, { recursive: true });
    }
    for (const [name, image] of images) {
      await Deno.writeFile(`${folder}/${name}`, encodePng(image));
    }
    await Deno.symlink(folder, `${folder}/a/loop`);
    const dataset = await openDataset(folder, { inputShape: INPUT });
    const order = ["B/nested/deep.png", "a/x.png", "b/10.png", "b/2.PNG"];
    assertEquals(
      await readAll(dataset),
      order.map((name) => ({ pixels: images.get(name)!.data })),
    );
    assertEquals(dataset.classes, ["B", "a", "b", "empty"]);
    assertEquals(dataset.labels, new Int32Array([0, 1, 2, 2]));

    await Deno.writeFile(
      `${folder}/y.npy`,
      writeNpy([4], new Int32Array([9, 8, 7, 6])),
    );
    const labelled = await openDataset(folder, {
      inputShape: INPUT,
      labels: `${folder}/y.npy`,
    });
    assertEquals([labelled.labels, labelled.classes], [
      new Int32Array([9, 8, 7, 6]),
      undefined,
    ]);

    await Deno.writeFile(
      `${folder}/top.png`,
      encodePng(images.get("a/x.png")!),
    );
    const mixed = await openDataset(folder, { inputShape: INPUT });
    assertEquals([mixed.length, mixed.labels, mixed.classes], [
      5,
      undefined,
      undefined,
    ]);
  });
});

Deno.test("images of a folder are resized and cropped as the runtime does", async () => {
  await inFolder(async (folder) => {
    const image = gradientPixels(20, 30);
    await Deno.writeFile(`${folder}/x.png`, encodePng(image));
    const preprocessing = { ...COLOUR, resize: 10 };
    const dataset = await openDataset(folder, {
      inputShape: INPUT,
      preprocessing,
    });
    assertEquals(await dataset.sample(0), {
      pixels: prepareImage(image, preprocessing),
    });
    const strict = await openDataset(folder, { inputShape: INPUT });
    const error = await assertRejects(() => strict.sample(0), RangeError);
    assert(
      error.message.startsWith(
        "Image size 20x30 does not match the network's input 4x6; add --resize",
      ),
    );
    assert(error.message.includes("x.png"));
  });
});

Deno.test("a broken image is named, and an empty or missing place is refused", async () => {
  await inFolder(async (folder) => {
    await assertRejects(
      () => openDataset(folder, { inputShape: INPUT }),
      RangeError,
      `No samples in ${folder}`,
    );
    await Deno.writeFile(
      `${folder}/x.npy`,
      writeNpy([0, 4, 6, 3], new Uint8Array(0)),
    );
    await assertRejects(
      () => openDataset(`${folder}/x.npy`, { inputShape: INPUT }),
      RangeError,
      "No samples in",
    );
    await assertRejects(
      () => openDataset(`${folder}/none`, { inputShape: INPUT }),
      RangeError,
      "No such file or folder",
    );
    const file = encodePng(gradientPixels(4, 6));
    await Deno.writeFile(
      `${folder}/broken.png`,
      file.subarray(0, file.length - 20),
    );
    const dataset = await openDataset(folder, { inputShape: INPUT });
    await assertRejects(() => dataset.sample(0), SyntaxError, "broken.png");
  });
});

Deno.test("a file that shrinks while it is used gives an error, not zeros", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.npy`;
    await Deno.writeFile(path, writeNpy([2, 1, 1, 1], new Uint8Array([1, 2])));
    const dataset = await openDataset(path, { inputShape: [1, 1, 1, 1] });
    await Deno.truncate(path, 129);
    assertEquals(await dataset.sample(0), { pixels: new Uint8Array([1]) });
    await assertRejects(
      () => dataset.sample(1),
      SyntaxError,
      "ends at byte 129",
    );
  });
});

Deno.test({
  name: "the shared JPEG files are close to their rows of the shared .npy file (skipped without ../shared)",
  ignore: !(await Deno.stat(SHARED).then(() => true, () => false)),
  async fn() {
    const folder = decodeURIComponent(SHARED.pathname);
    const inputShape = [1, 3, 224, 224];
    const rows = await readAll(
      await openDataset(`${folder}dev_images.npy`, { inputShape }),
    ) as { pixels: Uint8Array }[];
    const preprocessing: Preprocessing = {
      resize: 256,
      crop: [224, 224],
      mean: [0, 0, 0],
      std: [1, 1, 1],
    };
    const files = await readAll(
      await openDataset(`${folder}jpeg`, { inputShape, preprocessing }),
    ) as typeof rows;
    const distance = (a: Uint8Array, b: Uint8Array, step: number) => {
      let sum = 0;
      for (let index = 0; index < a.length; index += step) {
        sum += Math.abs(a[index] - b[index]);
      }
      return sum / Math.ceil(a.length / step);
    };
    const nearest = files.map(({ pixels }) => {
      const coarse = rows.map((row) => distance(row.pixels, pixels, 101));
      const row = coarse.indexOf(Math.min(...coarse));
      return { row, distance: distance(rows[row].pixels, pixels, 1) };
    });
    assertEquals(new Set(nearest.map(({ row }) => row)).size, files.length);
    assert(
      nearest.filter(({ distance }) => distance < 0.3).length >=
        files.length / 2,
    );
    assert(nearest.every(({ distance }) => distance < 16));
  },
});
