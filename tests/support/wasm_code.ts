/**
 * A reader of WebAssembly modules that finds instructions in their code.
 *
 * @module
 */

/** A section of a module. */
export interface Section {
  id: number;
  /** A copy of its bytes after id and size. */
  content: Uint8Array;
  /** The number that its content begins with: the entries of most sections. */
  count: number;
  /** Bytes of that number. */
  countBytes: number;
}

/** An unsigned number in LEB128. */
export function lebBytes(value: number): number[] {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value & 0x7f | 0x80);
  return [...bytes, value];
}

/** A place in bytes. */
class Reader {
  constructor(readonly bytes: Uint8Array, public at = 0) {}

  byte(): number {
    return this.bytes[this.at++];
  }

  /** A number in LEB128; what it is worth holds for unsigned ones below 2^53. */
  leb(): number {
    let [value, factor] = [0, 1];
    for (;; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  lebs(count: number): void {
    for (let i = 0; i < count; i++) this.leb();
  }
}

/** The sections of a module in order. */
export function readSections(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const id = reader.byte();
    const size = reader.leb();
    const content = module.slice(reader.at, reader.at + size);
    reader.at += size;
    const inner = new Reader(content);
    const count = inner.leb();
    sections.push({ id, content, count, countBytes: inner.at });
  }
  return sections;
}

/** Offsets in the content of a code section of the instructions with an opcode after the prefix 0xfd. */
export function findVectorInstructions(code: Uint8Array, opcode: number): number[] {
  const found: number[] = [];
  const reader = new Reader(code);
  for (let functions = reader.leb(); functions > 0; functions--) {
    const size = reader.leb();
    const end = reader.at + size;
    for (let groups = reader.leb(); groups > 0; groups--) reader.lebs(2);
    while (reader.at < end) {
      const at = reader.at;
      const first = reader.byte();
      if (first === 0xfd) {
        const second = reader.leb();
        if (second === opcode) found.push(at);
        skipVector(reader, second);
      } else if (first === 0xfc) skipBulk(reader, reader.leb());
      else skipPlain(reader, first);
    }
    if (reader.at !== end) throw new Error(`Function body ends at ${reader.at}, not at ${end}`);
  }
  return found;
}

/** Skips the operands of an instruction of one byte. */
function skipPlain(reader: Reader, opcode: number): void {
  if (opcode <= 0x01 || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f) return;
  if (opcode >= 0x02 && opcode <= 0x04) reader.leb(); // A block type: one number.
  else if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10) reader.leb();
  else if (opcode === 0x0e) reader.lebs(reader.leb() + 1);
  else if (opcode === 0x11) reader.lebs(2);
  else if (opcode === 0x1a || opcode === 0x1b) return;
  else if (opcode === 0x1c) reader.lebs(reader.leb());
  else if (opcode >= 0x20 && opcode <= 0x26) reader.leb();
  else if (opcode >= 0x28 && opcode <= 0x3e) reader.lebs(2);
  else if (opcode >= 0x3f && opcode <= 0x42) reader.leb();
  else if (opcode === 0x43) reader.at += 4;
  else if (opcode === 0x44) reader.at += 8;
  else if (opcode >= 0x45 && opcode <= 0xc4) return;
  else throw new Error(`Unknown instruction 0x${opcode.toString(16)}`);
}

/** Skips the operands of an instruction with the prefix 0xfc. */
function skipBulk(reader: Reader, opcode: number): void {
  if (opcode <= 7) return;
  if (opcode === 8 || opcode === 10) reader.lebs(2);
  else if (opcode === 9 || opcode === 11) reader.leb();
  else throw new Error(`Unknown instruction 0xfc ${opcode}`);
}

/** Skips the operands of an instruction with the prefix 0xfd. */
function skipVector(reader: Reader, opcode: number): void {
  if (opcode <= 11 || opcode === 92 || opcode === 93) reader.lebs(2);
  else if (opcode === 12 || opcode === 13) reader.at += 16;
  else if (opcode >= 21 && opcode <= 34) reader.at += 1;
  else if (opcode >= 84 && opcode <= 91) {
    reader.lebs(2);
    reader.at += 1;
  }
}
