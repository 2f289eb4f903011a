import { assertAlmostEquals, assertEquals } from "@std/assert";
import { growth } from "../bench/load/memory.ts";
import { imageRequest, tensorRequest } from "../bench/load/requests.ts";
import { sampleInputs } from "../bench/sample_inputs.ts";
import { createHandler, createRegistry } from "../runtime/http/mod.ts";
import { Model } from "../runtime/model.ts";
import { demoBundle } from "./support/demo_bundle.ts";
import { serveModel } from "../runtime/http/models/served_model.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { random } from "./support/random.ts";

Deno.test("Requests that a server is loaded with are answered with what the model gives", async () => {
  const model = await Model.load(await demoBundle(4));
  const handle = createHandler(
    createRegistry([{ name: model.name, version: "1", load: () => Promise.resolve(serveModel(model)) }]),
  );
  const inputs = sampleInputs(model);
  const file = encodePng(randomPixels({ height: 48, width: 48, channels: 3 }, 5));
  const [tensors, image] = await Promise.all(
    [tensorRequest(model, inputs), imageRequest(file.slice())].map((request) =>
      handle(new Request(`http://localhost${request.path}`, { method: "POST", ...request }))
    ),
  );
  const expected = model.run(inputs).logits.data;
  assertEquals([tensors.status, image.status], [200, 200]);
  const bytes = await tensors.bytes();
  assertEquals(new Float32Array(bytes.slice(-expected.byteLength).buffer), expected);
  await image.body?.cancel();
});

Deno.test("Growth of memory is what the line of least squares rises by", () => {
  assertAlmostEquals(growth([1, 3, 5, 7]), 6);
  assertAlmostEquals(growth([4, 4, 4]), 0);
  const draw = random(3);
  const noisy = Array.from({ length: 1000 }, (_, index) => 50 * index / 999 + draw.f32(1, -5, 5)[0]);
  assertAlmostEquals(growth(noisy), 50, 2);
});
