import { InputError } from "../runtime/errors.ts";
import { ImageError } from "../image/image_error.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeBase64 } from "../runtime/base64.ts";
import { WEBP_FILES } from "./support/image_files.ts";
import { checkDataset } from "../calibrate/dataset/check_dataset.ts";
import { classCount } from "../calibrate/dataset/classes.ts";
import { nameUnusable } from "../calibrate/dataset/unusable_samples.ts";
import type { Dataset, Sample } from "../calibrate/dataset/dataset.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { prepareImage, type Preprocessing } from "../runtime/preprocessing.ts";
import { elementCount } from "../runtime/tensor.ts";
import { random } from "./support/random.ts";
import { description, npyOf } from "./support/npy.ts";
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
      "has shape [3, 5], expected [samples, 6]: a sample is a whole input of the network, [1, 6]",
    );
  });
});

Deno.test("a float32 sample is a whole input of the network, of whatever rank", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.npy`;
    const fits = async (shape: number[], inputShape: number[]) => {
      const values = random(5).f32(elementCount(shape), -1, 1);
      await Deno.writeFile(path, writeNpy(shape, values));
      const dataset = await openDataset(path, { inputShape });
      const length = elementCount(inputShape);
      assertEquals(dataset.length, shape[0]);
      const expected = Array.from(
        { length: shape[0] },
        (_, i) => ({ tensor: values.slice(i * length, (i + 1) * length) }),
      );
      assertEquals(await readAll(dataset), expected);
    };
    await fits([3, 2, 5], [2, 5]);
    await fits([3, 1, 5], [1, 5]);
    await fits([3, 5], [1, 5]);
    await fits([3, 5], [5]);
    await fits([3, 1], [1]);
    await fits([3], [1]);
    await fits([3], []);
    await fits([2, 4, 2, 1, 3], [4, 2, 1, 3]);
    await fits([1, 1, 4, 6], [1, 1, 4, 6]);

    const refused = async (shape: number[], inputShape: number[], message: string) => {
      await Deno.writeFile(path, writeNpy(shape, new Float32Array(elementCount(shape))));
      const error = await assertRejects(() => openDataset(path, { inputShape }), TypeError);
      assert(error.message.endsWith(message), error.message);
    };
    await refused(
      [64, 3, 6, 6],
      [2, 3, 6, 6],
      "has shape [64, 3, 6, 6], expected [samples, 2, 3, 6, 6]: a sample is a whole input of the network, [2, 3, 6, 6]",
    );
    await refused([2, 5], [2, 5], "expected [samples, 2, 5]: a sample is a whole input of the network, [2, 5]");
    await refused([5], [5], "has shape [5], expected [samples, 5]: a sample is a whole input of the network, [5]");
    await refused([3, 2], [1], "expected [samples]: a sample is a whole input of the network, [1]");
    await refused([], [], "has shape [], expected [samples]: a sample is a whole input of the network, []");
    await refused([3, 1, 1, 5], [1, 5], "expected [samples, 5]: a sample is a whole input of the network, [1, 5]");
  });
});

Deno.test("images are refused where the network takes several at once", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([4, 4, 6, 3], new Uint8Array(4 * 72)));
    await Deno.writeFile(`${folder}/x.png`, encodePng(gradientPixels(4, 6)));
    for (const path of [`${folder}/x.npy`, folder]) {
      await assertRejects(
        () => openDataset(path, { inputShape: [2, 3, 4, 6] }),
        TypeError,
        "A network whose input is 2x3x4x6 takes 2 images at once: give float32 samples of [samples, 2, 3, 4, 6]",
      );
    }
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
      "B/deep.png",
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
    for (const sub of ["a", "b", "B", ".git", "empty"]) {
      await Deno.mkdir(`${folder}/${sub}`, { recursive: true });
    }
    for (const [name, image] of images) {
      await Deno.writeFile(`${folder}/${name}`, encodePng(image));
    }
    await Deno.symlink(folder, `${folder}/a/loop`);
    const dataset = await openDataset(folder, { inputShape: INPUT });
    const order = ["B/deep.png", "a/x.png", "b/10.png", "b/2.PNG"];
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

/** Writes one tiny image to each path below a folder, and makes its folders. */
async function writeImages(folder: string, paths: string[], empty: string[] = []): Promise<void> {
  for (const path of empty) await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  for (const path of paths) {
    await Deno.mkdir(`${folder}/${path.slice(0, Math.max(0, path.lastIndexOf("/")))}`, { recursive: true });
    await Deno.writeFile(`${folder}/${path}`, encodePng(gradientPixels(4, 6)));
  }
}

Deno.test("class folders are as many as the network has classes, or have their names", async () => {
  const cases: [string[], { count?: number; names?: string[] } | undefined, number[] | undefined | string][] = [
    [["b/1.png", "a/1.png", "b/2.png"], { count: 2 }, [0, 1, 1]],
    [["b/1.png", "a/1.png", "b/2.png"], undefined, [0, 1, 1]],
    [["b/1.png", "a/1.png"], { count: 3 }, "has 2 class folders: the network has 3 classes; make one folder for each"],
    [["b/1.png", "a/1.png", "c/1.png"], { count: 2 }, "has 3 class folders: the network has 2 classes"],
    [["a/1.png"], { count: 1000 }, "has 1 class folder: the network has 1000 classes"],
    [["b/1.png", "a/1.png"], { count: 3, names: ["c", "b", "a"] }, [2, 1]],
    [["b/1.png", "a/1.png"], { count: 2, names: ["b", "a"] }, [1, 0]],
    [["b/1.png", "a/1.png"], { count: 2, names: ["bird", "ape"] }, [0, 1]],
    [
      ["b/1.png", "a/1.png"],
      { count: 2, names: ["b", "ape"] },
      'has 2 class folders, of which 1 have no class\'s name, such as "a"',
    ],
    [
      ["train/a/1.png", "train/b/1.png"],
      { count: 2 },
      "has 1 sub-folder, but its images lie in 2 folders, some deeper, such as train/a/1.png",
    ],
    [
      ["a/1.png", "b/c/1.png"],
      undefined,
      "has 2 sub-folders, but its images lie in 2 folders, some deeper, such as b/c/1.png",
    ],
    [["train/a/1.png", "train/b/1.png"], {}, undefined],
    [["a/1.png", "b/1.png"], {}, undefined],
    [["a/1.png", "1.png"], { count: 2 }, undefined],
  ];
  for (const [paths, classes, expected] of cases) {
    await inFolder(async (folder) => {
      await writeImages(folder, paths);
      const open = (labels?: string) =>
        openDataset(folder, { inputShape: INPUT, ...(classes && { classes }), ...(labels && { labels }) });
      if (typeof expected === "string") {
        await assertRejects(() => open(), RangeError, expected);
      } else {
        assertEquals((await open()).labels && Array.from((await open()).labels!), expected, paths.join());
      }
      const without = await open("none");
      assertEquals([without.length, without.labels, without.classes], [paths.length, undefined, undefined]);
    });
  }
});

Deno.test("an output has classes where one dimension alone is longer than 1", () => {
  const counts = [[1, 10], [1, 10, 1, 1], [10], [1, 1], [], [2, 10], [1, 21, 64, 64]].map(classCount);
  assertEquals(counts, [10, 10, 10, undefined, undefined, undefined, undefined]);
  const dataset = { length: 2, kind: "tensor", labels: new Int32Array([0, 5]) } as Dataset;
  checkDataset(dataset, { classes: 6, preprocessing: undefined });
  assertThrows(
    () => checkDataset(dataset, { classes: 5, preprocessing: undefined }),
    RangeError,
    "Label 5 of sample 1",
  );
  assertThrows(() => checkDataset(dataset, { classes: undefined, preprocessing: undefined }), TypeError, "Labels need");
});

Deno.test("images of formats that are not read are named, WebP is read, and other files are left out", async () => {
  await inFolder(async (folder) => {
    await writeImages(folder, ["a/1.png"]);
    await Deno.writeFile(`${folder}/a/2.WebP`, decodeBase64(WEBP_FILES[0].base64));
    for (const name of ["labels.csv", "x.npy", "Makefile"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    const preprocessing = { ...COLOUR, resize: 8 };
    const dataset = await openDataset(folder, { inputShape: INPUT, preprocessing });
    assertEquals([dataset.length, dataset.nameOf(0), dataset.nameOf(1)], [2, "a/1.png", "a/2.WebP"]);
    assertEquals((await readAll(dataset)).length, 2);

    for (const name of ["b.bmp", "c.HEIC", "a/d.tiff", "e.gif"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await assertRejects(
      () => openDataset(folder, { inputShape: INPUT, preprocessing }),
      TypeError,
      `${folder} has 4 images in formats that are not read: a/d.tiff, b.bmp, c.HEIC, e.gif; convert them to JPEG`,
    );
  });
});

Deno.test("all samples that cannot be used are named at once", async () => {
  await inFolder(async (folder) => {
    const names = Array.from({ length: 30 }, (_, index) => `${String(index).padStart(2, "0")}.png`);
    await writeImages(folder, names);
    const dataset = await openDataset(folder, { inputShape: INPUT });
    const spoil = async (count: number) => {
      for (const name of names.slice(0, count)) {
        const file = await Deno.readFile(`${folder}/${name}`);
        await Deno.writeFile(`${folder}/${name}`, file.subarray(0, Math.min(file.length, 60)));
      }
      const error = await dataset.sample(0).catch((error) => error);
      return (await nameUnusable(dataset, folder, error) as Error).message;
    };
    assert((await spoil(1)).endsWith(`(${folder}/00.png)`));
    const two = await spoil(2);
    assert(two.startsWith("2 of 30 samples cannot be used; repair, convert or remove them: "), two);
    assert(two.includes("/00.png); ") && two.endsWith("/01.png)"), two);
    const many = await spoil(25);
    assert(many.startsWith("25 of 30 samples") && many.endsWith("/19.png); and 5 more"), many);
    const other = new Error("something else");
    assertEquals(await nameUnusable(dataset, folder, other), other);
    const defect = new TypeError("undefined is not a function");
    const broken = {
      ...dataset,
      sample: (index: number) => index === 1 ? Promise.reject(defect) : dataset.sample(index),
    };
    const unusable = await dataset.sample(0).catch((error) => error);
    assertStrictEquals(await nameUnusable(broken, folder, unusable), defect);
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
    await assertRejects(() => dataset.sample(0), ImageError, "broken.png");
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

Deno.test("a place that the system cannot read is the input's fault", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/x`, "");
    for (const path of [`${folder}/x/y.npy`, `${folder}/x/y/`]) {
      await assertRejects(() => openDataset(path, { inputShape: INPUT }), InputError, path);
    }
  });
});

Deno.test("images of any size are prepared as the runtime prepares them where that is asked for", async () => {
  await inFolder(async (folder) => {
    const image = gradientPixels(20, 30);
    await Deno.writeFile(`${folder}/x.png`, encodePng(image));
    await Deno.writeFile(`${folder}.npy`, writeNpy([1, 20, 30, 3], image.data as Uint8Array));
    try {
      const preprocessing = { crop: [4, 6] as [number, number], mean: [0, 0, 0], std: [1, 1, 1] };
      for (const path of [folder, `${folder}.npy`]) {
        const dataset = await openDataset(path, { inputShape: INPUT, preprocessing, anySize: true });
        assertEquals(await dataset.sample(0), { pixels: prepareImage(image, preprocessing) });
        const strict = openDataset(path, { inputShape: INPUT, preprocessing }).then((dataset) => dataset.sample(0));
        await assertRejects(() => strict, RangeError, "add --resize");
      }
    } finally {
      await Deno.remove(`${folder}.npy`);
    }
  });
});
