import { assert, assertEquals } from "@std/assert";
import { chooseBuild, compileKernels, instantiateKernels, instantiateModule } from "../../runtime/kernels/instance.ts";
import { loadKernels } from "../../runtime/kernels/modules.ts";
import { emulatedKernels } from "../support/emulated_dot.ts";

await loadKernels("simd128");

Deno.test("The modules import nothing and are below 112 kB", async () => {
  for (const build of ["simd128", "relaxed"] as const) {
    assertEquals(WebAssembly.Module.imports(compileKernels(build)), []);
    const { size } = await Deno.stat(new URL(`../../kernels/pkg/${build}.wasm`, import.meta.url));
    assert(size < 112_000);
  }
});

Deno.test("Both builds export the same kernels", () => {
  const names = (["simd128", "relaxed"] as const).map((build) =>
    Object.keys(instantiateKernels(build).functions).sort()
  );
  assertEquals(names[0], names[1]);
});

Deno.test("The relaxed build is chosen exactly where its product is unsigned or signed", () => {
  const outcome = instantiateKernels("relaxed").functions.dot_probe(0);
  assert([0, 1, 2].includes(outcome));
  assertEquals(chooseBuild(), outcome === 2 ? "simd128" : "relaxed");
  assertEquals(instantiateKernels("simd128").functions.dot_probe(0), 3);
});

Deno.test("The simd128 build is chosen where the product saturates", async () => {
  const source = `import { chooseBuild, instantiateKernels } from "${new URL(
    "../../runtime/kernels/instance.ts",
    import.meta.url,
  )}";
    console.log(chooseBuild(), instantiateKernels("relaxed").functions.dot_probe(0));`;
  const args = ["eval", "--v8-flags=--no-enable-avx-vnni,--no-enable-avx-vnni-int8", source];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const expected = Deno.build.arch === "x86_64" ? ["simd128 2"] : ["relaxed 1", "relaxed 0"];
  assert(expected.includes(new TextDecoder().decode(stdout).trim()));
});

Deno.test("The probe tells unsigned, signed and saturating products apart", () => {
  const probes = (["unsigned", "signed", "saturating"] as const).map((product) => {
    const { functions, signed } = instantiateModule("relaxed", emulatedKernels(product));
    return [functions.dot_probe(0), signed];
  });
  assertEquals(probes, [[0, false], [1, true], [2, false]]);
});

Deno.test("An instance has a memory of its own that can grow", () => {
  const [a, b] = [instantiateKernels(), instantiateKernels()];
  assert(a.memory !== b.memory);
  assertEquals(a.heapBase % 16, 0);
  a.memory.grow(10);
  assertEquals(a.memory.buffer.byteLength, b.memory.buffer.byteLength + 10 * 65536);
});
