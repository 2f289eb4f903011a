/**
 * Builds the kernels: `deno run -A kernels/build.ts` writes what follows from
 * `blocks.ts`, then `kernels/pkg`; with `--check` it builds into a temporary
 * folder and fails where the committed files differ.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { generateBlocks, writeBlocks } from "./generate_blocks.ts";

const TOOLS: readonly [program: string, version: string][] = [
  ["rustc", "1.96.0"],
  ["wasm-pack", "0.15.1"],
  ["wasm-bindgen", "0.2.129"],
  ["wasm-opt", "132"],
];

const BUILDS: Readonly<
  Record<string, { target: string; optimizer: string[] }>
> = {
  simd128: { target: "+simd128", optimizer: [] },
  relaxed: {
    target: "+simd128,+relaxed-simd",
    optimizer: ["--enable-relaxed-simd"],
  },
};

const FEATURES = [
  "--enable-simd",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-reference-types",
];

const LARGEST_MODULE_BYTES = 112_000;

const crate = new URL(".", import.meta.url).pathname;

async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    env,
    cwd: crate,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${program} failed:\n${text.decode(stderr)}`);
  return text.decode(stdout);
}

async function checkTools(): Promise<void> {
  for (const [program, version] of TOOLS) {
    const found = await run(program, ["--version"]);
    if (!found.split(/[\s(]+/).includes(version)) {
      throw new Error(
        `${program} ${version} is needed for reproducible modules, found ${found.trim()}`,
      );
    }
  }
}

/**
 * Refuses relaxed instructions but the dot product, which would let machines
 * differ, and panics, whose machinery takes 13 kB: kernels trap at codes that
 * they do not know by an instruction of its own.
 */
async function checkInstructions(wasm: string): Promise<void> {
  const text = await run("wasm-opt", ["--all-features", "-S", "-o", "-", wasm]);
  const relaxed = new Set(text.match(/\b\w+\.relaxed_\w+|\b\w+\.\w*laneselect\b/g));
  relaxed.delete("i32x4.relaxed_dot_i8x16_i7x16_add_s");
  if (relaxed.size > 0) throw new Error(`${wasm} holds ${[...relaxed].join(", ")}`);
  if (text.includes(".rs\\00")) throw new Error(`${wasm} holds panic messages: something in it can panic`);
}

async function build(name: string, folder: string): Promise<void> {
  const { target, optimizer } = BUILDS[name];
  const cargoHome = Deno.env.get("CARGO_HOME") ??
    `${Deno.env.get("HOME")}/.cargo`;
  const flags = [
    `-Ctarget-feature=${target}`,
    "-Clink-arg=-zstack-size=65536",
    // It computes addresses in advance and keeps each of them in a register, which engines then lack for sums.
    "-Cllvm-args=-disable-lsr",
    `--remap-path-prefix=${crate}=`,
    `--remap-path-prefix=${cargoHome}=`,
  ];
  const output = `${folder}/${name}`;
  const options = "--mode no-install --no-opt --no-typescript --no-pack --target web".split(
    " ",
  );
  await run("wasm-pack", [
    "build",
    ...options,
    "--out-dir",
    output,
    ".",
    "--",
    "--locked",
  ], {
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    CARGO_TARGET_DIR: `${crate}target`,
  });
  const wasm = `${folder}/${name}.wasm`;
  const optimize = [
    // Loops that are functions of their own stay so: engines optimise small functions soon, and large ones late.
    "--one-caller-inline-max-function-size=1",
    "-O3",
    "--strip-debug",
    "--strip-producers",
    ...FEATURES,
    ...optimizer,
  ];
  await run("wasm-opt", [
    ...optimize,
    `${output}/octet_kernels_bg.wasm`,
    "-o",
    wasm,
  ]);
  await Deno.remove(output, { recursive: true });
  await checkInstructions(wasm);
  const bytes = await Deno.readFile(wasm);
  if (bytes.length > LARGEST_MODULE_BYTES) {
    throw new Error(`${name}.wasm has ${bytes.length} bytes, ${LARGEST_MODULE_BYTES} are allowed`);
  }
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (imports.length > 0) {
    throw new Error(
      `${name}.wasm imports ${imports.map((entry) => entry.name).join(", ")}`,
    );
  }
  const text = `/** The ${name} build of the kernels, as base64. */\nexport const wasm: string =\n  "${
    Buffer.from(bytes).toString("base64")
  }";\n`;
  await Deno.writeTextFile(`${folder}/${name}.ts`, text);
  console.log(`${name}.wasm: ${bytes.length} bytes`);
}

async function compare(folder: string): Promise<boolean> {
  let same = true;
  for (
    const file of Object.keys(BUILDS).flatMap((
      name,
    ) => [`${name}.wasm`, `${name}.ts`])
  ) {
    const [built, committed] = await Promise.all([
      Deno.readFile(`${folder}/${file}`),
      Deno.readFile(`${crate}pkg/${file}`),
    ]);
    if (Buffer.compare(built, committed) === 0) continue;
    same = false;
    console.error(`kernels/pkg/${file} differs from what its sources give`);
  }
  return same;
}

async function checkBlocks(): Promise<void> {
  for (const [file, text] of await generateBlocks()) {
    if (await Deno.readTextFile(file) !== text) throw new Error(`${file.pathname} differs from what blocks.ts gives`);
  }
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  await (check ? checkBlocks() : writeBlocks());
  await checkTools();
  const folder = check ? await Deno.makeTempDir() : `${crate}pkg`;
  for (const name of Object.keys(BUILDS)) await build(name, folder);
  if (check) {
    const same = await compare(folder);
    await Deno.remove(folder, { recursive: true });
    if (!same) Deno.exit(1);
  }
}
