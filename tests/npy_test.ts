import { assertEquals, assertThrows } from "@std/assert";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { description, npyOf } from "./support/npy.ts";

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
