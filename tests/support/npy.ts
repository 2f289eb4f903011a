/**
 * Files in NumPy's format that the project's own writer would not make.
 *
 * @module
 */

/** A version 1 file whose description is `text`, as it stands. */
export function npyOf(text: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
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

/** The text that describes an array in a file: its NumPy type, shape and order. */
export function description(type: string, shape: string, order = "False"): string {
  return `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}
