import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const LARGEST_FILE_LINES = 400;

/** Something that a file imports or re-exports, as a type or not. */
interface Import {
  specifier: string;
  /** Whether it is an import(...) expression. */
  dynamic: boolean;
}

const STATIC = /^(?:import|export)\s+(?:type\s+)?(?:[\w*{][^;"']*?\sfrom\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "");
}

function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  return [
    ...Array.from(code.matchAll(STATIC), ([, specifier]) => ({ specifier, dynamic: false })),
    ...Array.from(code.matchAll(DYNAMIC), ([, specifier]) => ({ specifier, dynamic: true })),
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

/** The path below the project's root that a relative specifier means. */
function resolve(file: string, specifier: string): string {
  return new URL(specifier, new URL(file, ROOT)).href.slice(ROOT.href.length);
}

function isRelative(specifier: string): boolean {
  return /^\.\.?\//.test(specifier);
}

/** Whether a specifier names a package, one of the system, or the manifest. */
function isPackage(specifier: string): boolean {
  const packages = Object.keys(JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).imports);
  return specifier.endsWith("/deno.json") || /^(npm|node):/.test(specifier) ||
    packages.some((name) => specifier === name || (name.endsWith("/") && specifier.startsWith(name)));
}

/** Files that hold code as text, and files that they write. */
const WRITTEN_BY_PROGRAMS = ["runtime/http/page/files.ts", "kernels/generate_blocks.ts", "runtime/kernels/blocks.ts"];

const sources = new Map(
  await Promise.all(
    (await Promise.all(["cli/", "image/", "runtime/", "calibrate/", "edge/", "kernels/", "bench/"].map(sourceFiles)))
      .flat()
      .filter((file) => !/^kernels\/(pkg|target)\//.test(file) && !WRITTEN_BY_PROGRAMS.includes(file))
      .map(async (file) => [file, await Deno.readTextFile(new URL(file, ROOT))] as const),
  ),
);
const imports = new Map([...sources].map(([file, source]) => [file, importsOf(source)]));
/** What ships: all but what measures and tests. */
const shipped = [...imports.keys()].filter((file) => !/^(bench|kernels)\//.test(file));

/**
 * Which rooms each room may import, types included. A folder without a row belongs to the one around it. All rooms of
 * calibrate/ may import what stands in calibrate/ itself: the words of settings, plans and figures.
 */
const ROOMS: Readonly<Record<string, { rooms: string; packages?: true }>> = {
  "runtime/": { rooms: "kernels/pkg/" },
  "cli/": { rooms: "runtime/", packages: true },
  "image/": { rooms: "runtime/", packages: true },
  "runtime/http/": { rooms: "runtime/ image/ cli/ kernels/pkg/", packages: true },
  "edge/": { rooms: "runtime/ runtime/http/ image/ cli/", packages: true },
  "calibrate/graph/": { rooms: "runtime/ calibrate/" },
  "calibrate/operators/": { rooms: "runtime/ calibrate/graph/ calibrate/lower/" },
  "calibrate/passes/": { rooms: "runtime/ calibrate/graph/ calibrate/operators/" },
  "calibrate/onnx/": { rooms: "runtime/ calibrate/graph/ calibrate/operators/ calibrate/passes/", packages: true },
  "calibrate/dataset/": { rooms: "runtime/ image/ cli/ calibrate/", packages: true },
  "calibrate/observe/": { rooms: "runtime/ calibrate/dataset/" },
  "calibrate/scales/": { rooms: "runtime/ calibrate/ calibrate/observe/" },
  "calibrate/lower/": { rooms: "runtime/ calibrate/ calibrate/graph/" },
  "calibrate/program/": { rooms: "runtime/ calibrate/ calibrate/graph/ calibrate/lower/ calibrate/operators/" },
  "calibrate/quantize/": {
    rooms: "runtime/ calibrate/ calibrate/graph/ calibrate/operators/ calibrate/observe/ calibrate/scales/ " +
      "calibrate/lower/ calibrate/program/",
  },
  "calibrate/grids/": {
    rooms: "runtime/ calibrate/ calibrate/graph/ calibrate/operators/ calibrate/observe/ calibrate/quantize/",
  },
  "calibrate/lanes/": { rooms: "runtime/" },
  "calibrate/stream/": {
    rooms:
      "runtime/ calibrate/ calibrate/graph/ calibrate/dataset/ calibrate/observe/ calibrate/lower/ calibrate/program/ " +
      "calibrate/quantize/ calibrate/lanes/",
  },
  "calibrate/stages/": {
    rooms: "runtime/ cli/ calibrate/ calibrate/graph/ calibrate/dataset/ calibrate/observe/ calibrate/scales/ " +
      "calibrate/lower/ calibrate/program/ calibrate/quantize/ calibrate/grids/ calibrate/stream/",
  },
  "calibrate/inspect/": {
    rooms: "runtime/ cli/ calibrate/graph/ calibrate/operators/ calibrate/onnx/",
    packages: true,
  },
  "calibrate/profile/": { rooms: "runtime/ cli/ calibrate/ calibrate/inspect/ calibrate/program/" },
  "calibrate/report/": {
    rooms: "runtime/ cli/ calibrate/ calibrate/graph/ calibrate/operators/ calibrate/dataset/ calibrate/observe/ " +
      "calibrate/scales/ calibrate/lower/ calibrate/program/ calibrate/stream/ calibrate/stages/ calibrate/profile/",
    packages: true,
  },
  "calibrate/export/": { rooms: "runtime/ calibrate/ calibrate/graph/ calibrate/lower/ calibrate/onnx/" },
  "calibrate/": {
    rooms: "runtime/ cli/ calibrate/graph/ calibrate/onnx/ calibrate/dataset/ calibrate/observe/ " +
      "calibrate/lower/ calibrate/program/ calibrate/stages/ calibrate/inspect/ calibrate/profile/ " +
      "calibrate/report/ calibrate/compare/ calibrate/export/",
    packages: true,
  },
  "calibrate/compare/": {
    rooms: "runtime/ cli/ calibrate/ calibrate/graph/ calibrate/dataset/ calibrate/lower/ calibrate/program/ " +
      "calibrate/stream/ calibrate/stages/ calibrate/report/",
  },
  "calibrate/commands/": {
    rooms: "runtime/ cli/ image/ calibrate/ calibrate/graph/ calibrate/onnx/ calibrate/dataset/ calibrate/observe/ " +
      "calibrate/lower/ calibrate/program/ calibrate/inspect/ calibrate/profile/ calibrate/report/ calibrate/compare/ calibrate/export/",
    packages: true,
  },
};

/** The innermost room that a file stands in. */
function roomOf(file: string): string {
  const rooms = [...Object.keys(ROOMS), "kernels/pkg/"].filter((room) => file.startsWith(room));
  return rooms.toSorted((a, b) => b.length - a.length)[0] ?? file;
}

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
  assertEquals(importsOf(source).map(({ specifier, dynamic }) => `${specifier} ${dynamic}`), [
    "./a.ts false",
    "./b.ts false",
    "./c.ts false",
    "npm:d@1 false",
    "./e.ts false",
    "./f.ts false",
    "./g.ts false",
    "./h.ts false",
    "node:k true",
  ]);
});

Deno.test("The walk sees the whole source", () => {
  for (const file of ["runtime/mod.ts", "runtime/http/mod.ts", "calibrate/program/lower.ts", "edge/build.ts"]) {
    assertEquals(imports.has(file), true, file);
    assertEquals(imports.get(file)!.length > 0, true, file);
  }
});

Deno.test("Rooms import what the table of rooms allows, and every room stands in it", () => {
  const found: string[] = [];
  for (const file of shipped) {
    const room = roomOf(file);
    const { rooms, packages } = ROOMS[room];
    for (const { specifier, dynamic } of imports.get(file)!) {
      // Where Deno is not there, files are read by Node's module.
      if (file === "runtime/source.ts" && dynamic && specifier.startsWith("node:")) continue;
      const target = isRelative(specifier) && !isPackage(specifier) && roomOf(resolve(file, specifier));
      const allowed = target ? target === room || rooms.split(" ").includes(target) : packages && isPackage(specifier);
      if (!allowed) found.push(`${file} imports ${specifier}`);
    }
  }
  assertEquals(found, []);
  const folders = shipped.filter((file) => file.startsWith("calibrate/")).map((file) => file.split("/").slice(0, 2));
  const unknown = folders.filter(([, name]) => !name.endsWith(".ts") && !(`calibrate/${name}/` in ROOMS));
  assertEquals(new Set(unknown.map((path) => path.join("/"))), new Set());
});

Deno.test("The runtime proper has no dependency", () => {
  assertEquals(ROOMS["runtime/"], { rooms: "kernels/pkg/" });
});

Deno.test("What ships imports neither tests nor the kernels' references nor benches", () => {
  const found = shipped.flatMap((file) =>
    imports.get(file)!
      .filter(({ specifier }) => isRelative(specifier))
      .map(({ specifier }) => resolve(file, specifier))
      .filter((target) => /^(tests|bench|kernels\/reference)\//.test(target))
      .map((target) => `${file} imports ${target}`)
  );
  assertEquals(found, []);
});

Deno.test("Only the page's files of the server import the compiled kernels", () => {
  const found = shipped.filter((file) =>
    file.startsWith("runtime/http/") && !file.startsWith("runtime/http/page/") &&
    imports.get(file)!.some(({ specifier }) => specifier.includes("kernels/pkg/"))
  );
  assertEquals(found, []);
});

Deno.test("Nothing in the runtime uses the Deno namespace but the reader of files, where it is there", () => {
  const found = shipped.filter((file) =>
    file.startsWith("runtime/") && !file.startsWith("runtime/http/") &&
    /\bDeno\b/.test(withoutComments(sources.get(file)!))
  );
  assertEquals(found, ["runtime/source.ts"]);
});

/** A cycle in a graph, if there is one. */
function findCycle(edges: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] => {
    const start = path.indexOf(node);
    if (start >= 0) return [...path.slice(start), node];
    if (done.has(node)) return [];
    path.push(node);
    for (const target of edges.get(node) ?? []) {
      const cycle = visit(target);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(node);
    return [];
  };
  for (const node of edges.keys()) {
    const cycle = visit(node);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

/** Which folders import which; a folder and one inside it are one room's inside. */
function folderEdges(files: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  const folderOf = (file: string) => file.slice(0, file.lastIndexOf("/") + 1);
  for (const [file, targets] of files) {
    const from = folderOf(file);
    for (const to of targets.map(folderOf)) {
      if (from.startsWith(to) || to.startsWith(from)) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

const fileEdges = new Map(
  [...imports].map(([file, list]) => [
    file,
    list.filter(({ specifier }) => isRelative(specifier)).map(({ specifier }) => resolve(file, specifier)),
  ]),
);

Deno.test("A cycle among files or folders is found and named", () => {
  assertEquals(findCycle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b", "d", "b"]);
  assertEquals(findCycle(new Map([["a", ["b", "c"]], ["b", ["c"]]])), []);
  const files = new Map([["a/1", ["b/1"]], ["b/2", ["a/2"]], ["b/c/1", ["b/1"]], ["b/3", ["b/c/1"]]]);
  assertEquals(findCycle(files), []);
  assertEquals(findCycle(folderEdges(files)), ["a/", "b/", "a/"]);
});

Deno.test("No file imports itself by way of others, not even for types", () => {
  assertEquals(findCycle(fileEdges), []);
});

Deno.test("No folder imports itself by way of others, not even for types", () => {
  assertEquals(findCycle(folderEdges(fileEdges)), []);
});

Deno.test("Relative imports name files that exist", async () => {
  const missing: string[] = [];
  for (const [file, targets] of fileEdges) {
    for (const target of targets) {
      const exists = await Deno.stat(new URL(target, ROOT)).then(() => true, () => false);
      if (!exists) missing.push(`${file} imports ${target}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("Documents link to files that exist", async () => {
  const documents = (await Promise.all(["", "docs/", "bench/", "kernels/", "examples/"].map(async (folder) => {
    const entries = await Array.fromAsync(Deno.readDir(new URL(folder, ROOT)));
    return entries.filter(({ name }) => name.endsWith(".md")).map(({ name }) => folder + name);
  }))).flat();
  const missing: string[] = [];
  for (const file of documents) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^\w+:/.test(link)) continue;
      const exists = await Deno.stat(new URL(link, new URL(file, ROOT))).then(() => true, () => false);
      if (!exists) missing.push(`${file} links to ${link}`);
    }
  }
  assertEquals(missing, []);
  assertEquals(documents.includes("ARCHITECTURE.md") && documents.includes("docs/format.md"), true);
});

Deno.test("No source file is longer than 400 lines", () => {
  const long = shipped
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, sources.get(file)!.trimEnd().split("\n").length] as const)
    .filter(([, lines]) => lines > LARGEST_FILE_LINES);
  assertEquals(long, []);
});

/** Files whose logarithms are only shown, or guesses that are corrected. */
const APPROXIMATE = [
  "calibrate/decibels.ts",
  "calibrate/fidelity.ts",
  "calibrate/report/channel_shifts.ts",
  "calibrate/report/page/plots.ts",
  "calibrate/observe/histogram.ts",
];

Deno.test("What ECMAScript leaves to the engine reaches neither bundles nor answers", () => {
  const approximate = /\bMath\.(?:a?(?:sin|cos|tan)h?|atan2|cbrt|exp|expm1|hypot|log|log10|log1p|log2|pow)\b/g;
  const found: string[] = [];
  for (const [file, source] of sources) {
    if (!/^(cli|image|runtime|calibrate|kernels\/reference)\//.test(file) || APPROXIMATE.includes(file)) continue;
    for (const [call] of withoutComments(source).matchAll(approximate)) found.push(`${file} ${call}`);
  }
  assertEquals(found, []);
});
