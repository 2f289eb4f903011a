import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const LARGEST_FILE_LINES = 400;
/** A file that follows from another one. */
const GENERATED = "runtime/kernels/blocks.ts";

/** Something that a file imports or re-exports. */
interface Import {
  specifier: string;
  /** Whether it vanishes when types are erased. */
  typeOnly: boolean;
  /** Whether it is an import(...) expression. */
  dynamic: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^;"']*?\sfrom\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
  return [
    ...Array.from(code.matchAll(STATIC), ([, type, specifier]) => ({ specifier, typeOnly: !!type, dynamic: false })),
    ...Array.from(code.matchAll(DYNAMIC), ([, specifier]) => ({ specifier, typeOnly: false, dynamic: true })),
  ];
}

async function sourceFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    if (entry.isDirectory) files.push(...await sourceFiles(`${folder}${entry.name}/`));
    else if (/\.(ts|js)$/.test(entry.name)) files.push(folder + entry.name);
  }
  return files.sort();
}

async function importsByFile(folders: string[]): Promise<Map<string, Import[]>> {
  const files = (await Promise.all(folders.map(sourceFiles))).flat();
  return new Map(
    await Promise.all(
      files.map(async (file) => [file, importsOf(await Deno.readTextFile(new URL(file, ROOT)))] as const),
    ),
  );
}

/** The path below the project's root that a relative specifier means. */
function resolve(file: string, specifier: string): string {
  return new URL(specifier, new URL(file, ROOT)).href.slice(ROOT.href.length);
}

function isRelative(specifier: string): boolean {
  return /^\.\.?\//.test(specifier);
}

const imports = await importsByFile(["cli/", "image/", "runtime/", "calibrate/", "edge/"]);

/** Imports of the files that `files` accepts which `allowed` does not. */
function offenders(
  files: (file: string) => boolean,
  allowed: (target: string, from: Import & { file: string }) => boolean,
): string[] {
  return [...imports].filter(([file]) => files(file)).flatMap(([file, list]) =>
    list
      .filter((entry) => {
        const target = isRelative(entry.specifier) ? resolve(file, entry.specifier) : entry.specifier;
        return !allowed(target, { ...entry, file });
      })
      .map((entry) => `${file} imports ${entry.specifier}`)
  );
}

const isHttp = (path: string) => path.startsWith("runtime/http/");
const isRuntime = (path: string) => path.startsWith("runtime/");
const isImage = (path: string) => path.startsWith("image/");
const isCommandLine = (path: string) => path.startsWith("cli/");

Deno.test("Imports are found in every form", () => {
  const source = `
import a from "./a.ts";
import type { B } from './b.ts';
import {
  c,
  type C,
} from "./c.ts";
import * as d from "npm:d@1";
import "./e.ts";
export * from "./f.ts";
export type { G } from "./g.ts";
export { h } from "./h.ts";
/** import i from "./i.ts"; */
export const text = "j";
const { k } = await import("node:k");
`;
  assertEquals(importsOf(source).map(({ specifier, typeOnly, dynamic }) => `${specifier} ${typeOnly} ${dynamic}`), [
    "./a.ts false false",
    "./b.ts true false",
    "./c.ts false false",
    "npm:d@1 false false",
    "./e.ts false false",
    "./f.ts false false",
    "./g.ts true false",
    "./h.ts false false",
    "node:k false true",
  ]);
});

Deno.test("The walk sees the whole source", () => {
  const files = [...imports.keys()];
  for (const file of ["runtime/mod.ts", "runtime/http/mod.ts", "calibrate/lower/lower.ts", "edge/build.ts"]) {
    assertEquals(files.includes(file), true, file);
    assertEquals(imports.get(file)!.length > 0, true, file);
  }
});

Deno.test("The runtime imports nothing but itself and the compiled kernels", () => {
  const found = offenders((file) => isRuntime(file) && !isHttp(file), (target, { file, dynamic }) => {
    if (target.startsWith("node:")) return file === "runtime/source.ts" && dynamic;
    return (isRuntime(target) && !isHttp(target)) || target.startsWith("kernels/pkg/");
  });
  assertEquals(found, []);
});

/** Whether a specifier names a package, one of the system, or the manifest. */
function isPackage(target: string): boolean {
  const packages = Object.keys(JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).imports);
  return target === "deno.json" || /^(npm|node):/.test(target) ||
    packages.some((name) => target === name || (name.endsWith("/") && target.startsWith(name)));
}

Deno.test("The frame of commands imports itself, packages and the runtime's errors alone", () => {
  const allowed = (target: string) => isCommandLine(target) || isPackage(target) || target === "runtime/errors.ts";
  assertEquals(offenders(isCommandLine, allowed), []);
});

Deno.test("The decoders of images import themselves, the runtime without its server, and packages alone", () => {
  const found = offenders(
    isImage,
    (target) => isImage(target) || isPackage(target) || (isRuntime(target) && !isHttp(target)),
  );
  assertEquals(found, []);
});

Deno.test("The server imports the runtime, images, the command line, packages, and for its page the compiled kernels alone", () => {
  const found = offenders(
    isHttp,
    (target, { file }) =>
      isRuntime(target) || isImage(target) || isCommandLine(target) || isPackage(target) ||
      (file.startsWith("runtime/http/page/") && target.startsWith("kernels/pkg/")),
  );
  assertEquals(found, []);
});

Deno.test("The builder of edge functions imports itself, the runtime, images, the command line and packages alone", () => {
  const isEdge = (path: string) => path.startsWith("edge/");
  const allowed = [isEdge, isRuntime, isImage, isCommandLine, isPackage];
  const found = offenders(isEdge, (target) => allowed.some((accepts) => accepts(target)));
  assertEquals(found, []);
});

Deno.test("Calibration stays within the project without its server, but for packages and the system", () => {
  const found = offenders((file) => file.startsWith("calibrate/"), (target, { specifier }) => {
    if (!isRelative(specifier)) return !/^(https?|file):/.test(specifier);
    if (isCommandLine(target) || isImage(target)) return true;
    return target.startsWith("calibrate/") || (isRuntime(target) && !isHttp(target));
  });
  assertEquals(found, []);
});

Deno.test("Nothing in the runtime uses the Deno namespace but the reader of files, where it is there", async () => {
  const found: string[] = [];
  for (const file of imports.keys()) {
    if (!isRuntime(file) || isHttp(file)) continue;
    const code = (await Deno.readTextFile(new URL(file, ROOT))).replace(/\/\*[\s\S]*?\*\//g, "");
    if (/\bDeno\b/.test(code)) found.push(file);
  }
  assertEquals(found, ["runtime/source.ts"]);
});

/** A cycle in a graph of files, if there is one. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of edges.get(file) ?? []) {
      const cycle = visit(target);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

Deno.test("A cycle among files is found and named", () => {
  assertEquals(findCycle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b", "d", "b"]);
  assertEquals(findCycle(new Map([["a", ["b", "c"]], ["b", ["c"]]])), []);
});

Deno.test("No file imports itself by way of others", () => {
  const edges = new Map(
    [...imports].map(([file, list]) => [
      file,
      list.filter((entry) => isRelative(entry.specifier) && !entry.typeOnly).map((entry) =>
        resolve(file, entry.specifier)
      ),
    ]),
  );
  assertEquals(findCycle(edges), []);
});

Deno.test("Relative imports name files that exist", async () => {
  const missing: string[] = [];
  for (const [file, list] of imports) {
    for (const { specifier } of list) {
      if (!isRelative(specifier)) continue;
      const exists = await Deno.stat(new URL(specifier, new URL(file, ROOT))).then(() => true, () => false);
      if (!exists) missing.push(`${file} imports ${specifier}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("No source file is longer than 400 lines", async () => {
  const long: string[] = [];
  for (const file of imports.keys()) {
    if (file.endsWith(".js") || file === GENERATED) continue;
    const lines = (await Deno.readTextFile(new URL(file, ROOT))).trimEnd().split("\n").length;
    if (lines > LARGEST_FILE_LINES) long.push(`${file} has ${lines} lines`);
  }
  assertEquals(long, []);
});

/** Files whose logarithms are only shown, or guesses that are corrected. */
const APPROXIMATE = [
  "calibrate/decibels.ts",
  "calibrate/report/channel_shifts.ts",
  "calibrate/report/page/plots.ts",
  "calibrate/observe/histogram.ts",
];

Deno.test("What ECMAScript leaves to the engine reaches neither bundles nor answers", async () => {
  const approximate = /\bMath\.(?:a?(?:sin|cos|tan)h?|atan2|cbrt|exp|expm1|hypot|log|log10|log1p|log2|pow)\b/g;
  const folders = ["cli/", "image/", "runtime/", "calibrate/", "kernels/reference/"];
  const found: string[] = [];
  for (const file of (await Promise.all(folders.map(sourceFiles))).flat()) {
    if (APPROXIMATE.includes(file)) continue;
    const source = (await Deno.readTextFile(new URL(file, ROOT))).replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [call] of source.matchAll(approximate)) found.push(`${file} ${call}`);
  }
  assertEquals(found, []);
});
