/**
 * Writes what follows from the description of the parameter blocks: the
 * structs of the Rust crate, the writers of the runtime and the tables of
 * `README.md`. `deno task kernels` calls it; a test holds the committed files
 * to it.
 *
 * @module
 */

import type { Field } from "./block_description.ts";
import { BLOCKS, PARTS } from "./blocks.ts";

const ROOT = new URL("../", import.meta.url);
const RUST = new URL("kernels/src/blocks.rs", ROOT);
const WRITERS = new URL("runtime/kernels/blocks.ts", ROOT);
const README = new URL("kernels/README.md", ROOT);
const [TABLES_START, TABLES_END] = ["<!-- tables of kernels/blocks.ts -->\n", "<!-- end of the tables -->\n"];

/** A struct of Rust and an interface of TypeScript, whose names end alike. */
interface Struct {
  name: string;
  /** What it is, a sentence without its full stop. */
  text: string;
  fields: readonly Field[];
  /** The kernels that take it as their block; absent where it is a part of blocks. */
  kernels?: readonly string[];
}

const structs: Struct[] = [
  ...Object.entries(PARTS).map(([name, part]) => ({ name: `${name}Words`, ...part })),
  ...Object.entries(BLOCKS).map(([name, { kernels, fields }]) => ({
    name: `${name}Block`,
    text: `Parameter block of ${kernels.join(", ")}`,
    fields,
    kernels,
  })),
];

/** The struct whose words a field stands for, if it is not made of plain words. */
function structOf({ type }: Field): Struct | undefined {
  return structs.find(({ name }) => name === `${type}Words` || name === `${type}Block`);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function rustType(field: Field): string {
  const type = structOf(field)?.name ?? field.type.replace("Source", "SourceWords");
  return field.length === undefined ? type : `[${type}; ${field.length}]`;
}

function rustStruct({ name, text, fields }: Struct): string {
  const lines = fields.flatMap((field) => {
    const members = (field.list ?? [field.name]).map((member) => `    pub ${snakeCase(member)}: ${rustType(field)},\n`);
    return [`    /// ${field.text}.\n`, ...members];
  });
  return `/// ${text}.\n#[repr(C)]\n#[derive(Clone, Copy)]\npub struct ${name} {\n${lines.join("")}}\n`;
}

function rustFile(): string {
  const head = "//! Parameter blocks: written by `generate_blocks.ts` from `blocks.ts`.\n";
  return [head, ...structs.map(rustStruct)].join("\n");
}

/** Expressions for the words of a struct whose value is `value`. */
function wordsOf(value: string, { fields }: Struct): string[] {
  return fields.flatMap((field) => {
    const member = `${value}.${field.name}`;
    const struct = structOf(field);
    if (struct?.kernels) return [`...${writerName(struct)}(${member})`];
    if (struct) return wordsOf(member, struct);
    if (field.type !== "f32") return [member];
    return field.list ? field.list.map((_, index) => `floatWord(${member}[${index}])`) : [`floatWord(${member})`];
  });
}

function writerName({ name }: Struct): string {
  return `${name[0].toLowerCase()}${name.slice(1)}`;
}

function writer(struct: Struct): string {
  const { name, text, fields, kernels } = struct;
  const members = fields.map((field) => {
    const plural = field.list !== undefined || field.length !== undefined;
    const type = structOf(field)?.name ?? (plural ? "readonly number[]" : "number");
    const list = field.list ? `: ${field.list.join(", ")}` : "";
    return `  /** ${field.text}${list}. */\n  ${field.name}: ${type};\n`;
  });
  const type = `/** ${text}. */\nexport interface ${name} {\n${members.join("")}}\n`;
  if (!kernels) return type;
  const words = wordsOf("block", struct).map((word) => `    ${word},\n`).join("");
  return `${type}\n/** The words of a {@linkcode ${name}}. */\nexport function ${
    writerName(struct)
  }(block: ${name}): BlockWords {\n  return [\n${words}  ];\n}\n`;
}

function writersFile(): string {
  const used = structs.filter(({ name }) => name !== "SourceWords");
  const head = `/**
 * Parameter blocks of the kernels: written by \`kernels/generate_blocks.ts\` from
 * \`kernels/blocks.ts\`. Pointers are byte addresses, floats numbers.
 *
 * @module
 */

import { floatWord } from "./float_word.ts";

/** The name of an exported function that takes a parameter block. */
export type KernelEntry =
${Object.values(BLOCKS).flatMap(({ kernels }) => kernels).map((kernel) => `  | "${kernel}"`).join("\n")};

/** The words of a parameter block, some of them in lists. */
export type BlockWords = (number | readonly number[])[];
`;
  return [head, ...used.map(writer)].join("\n");
}

function readmeTable({ name, text, fields, kernels }: Struct): string {
  const rows = fields.map((field) => {
    const names = (field.list ?? [field.name]).map((word) => `\`${word}\``).join(" ");
    const length = field.length === undefined ? "" : ` [${field.length}]`;
    const type = structOf(field) ? `words of ${field.type}` : `\`${field.type.replace("usize", "u32")}\``;
    return `| ${names}${length} | ${type} | ${field.text} |\n`;
  });
  const title = kernels ? `**${kernels.join(", ")}**` : `**${name.replace("Words", "")}**: ${text}`;
  return `${title}\n\n| Words | Type | Meaning |\n| --- | --- | --- |\n${rows.join("")}`;
}

async function readmeFile(): Promise<string> {
  const text = await Deno.readTextFile(README);
  const [start, end] = [text.indexOf(TABLES_START), text.indexOf(TABLES_END)];
  if (start < 0 || end < start) throw new SyntaxError(`${README.pathname} lacks the place of the tables`);
  const tables = structs.map(readmeTable).join("\n");
  return await format(`${text.slice(0, start)}${TABLES_START}\n${tables}\n${text.slice(end)}`, "md");
}

/** A text as `deno fmt` leaves it. */
async function format(text: string, extension: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", `--ext=${extension}`, "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
  });
  const process = command.spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await process.output();
  if (!success) throw new SyntaxError(`deno fmt does not take the generated ${extension} file`);
  return new TextDecoder().decode(stdout);
}

/** The files that follow from the description, with the content that each must have. */
export async function generateBlocks(): Promise<[file: URL, text: string][]> {
  return [[RUST, rustFile()], [WRITERS, await format(writersFile(), "ts")], [README, await readmeFile()]];
}

/** Writes the files. */
export async function writeBlocks(): Promise<void> {
  for (const [file, text] of await generateBlocks()) await Deno.writeTextFile(file, text);
}

if (import.meta.main) await writeBlocks();
