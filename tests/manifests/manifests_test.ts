import { assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { runPython, testInPython } from "../python/environment.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);

async function check(files: string[]): Promise<string[]> {
  return (await runPython(new URL("check_manifests.py", import.meta.url), files)).trim().split("\n");
}

function example(name: string): string {
  return fileURLToPath(new URL(name, EXAMPLES));
}

testInPython("Manifests of the examples follow the schemas of Kubernetes and KServe", async () => {
  const files = [
    "batch/shards.yaml",
    "batch/merge.yaml",
    "kubernetes/octet.yaml",
    "kserve/serving-runtime.yaml",
    "kserve/inference-service.yaml",
  ];
  assertEquals(await check(files.map(example)), [
    "Job",
    "Job",
    "Deployment",
    "Service",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "ServingRuntime",
    "InferenceService",
  ]);
});

testInPython("A manifest with a field that the schema does not have is found", async () => {
  const faults: [string, string, string, string][] = [
    ["kubernetes/octet.yaml", "minAvailable:", "minimum:", "minimum"],
    [
      "kserve/inference-service.yaml",
      "protocolVersion:",
      "protocol:",
      "InferenceService.spec.predictor.model.protocol",
    ],
    ["kserve/serving-runtime.yaml", "containers:", "container:", "ServingRuntime.spec"],
  ];
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    for (const [name, from, to, message] of faults) {
      const text = await Deno.readTextFile(example(name));
      assertEquals(text.includes(from), true, from);
      await Deno.writeTextFile(file, text.replaceAll(from, to));
      await assertRejects(() => check([file]), Error, message);
    }
  } finally {
    await Deno.remove(file);
  }
});
