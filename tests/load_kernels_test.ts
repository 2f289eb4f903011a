import { assertEquals, assertThrows } from "@std/assert";
import { loadKernels, Model, readBundle } from "../mod.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { chooseBuild } from "../runtime/kernels/instance.ts";
import { smallParts } from "./support/tiny_bundle.ts";

Deno.test({
  name: "kernels that this host would not choose are loaded before a model is made of them",
  ignore: chooseBuild() === "simd128",
  fn: async () => {
    const { program, data } = smallParts();
    const file = await writeBundle(program, data);
    const bundle = await readBundle(file);
    const make = () => new Model(bundle, { kernels: "simd128" });
    assertThrows(make, TypeError, 'The simd128 kernels are not loaded: await loadKernels("simd128") first');
    await loadKernels("simd128");
    assertEquals(make().kernels, "simd128");
    assertEquals((await Model.load(file, { kernels: "simd128" })).kernels, "simd128");
  },
});
