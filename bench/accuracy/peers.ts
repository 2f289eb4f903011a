/**
 * Installs other quantisers in a folder outside the project, where they are
 * missing, and runs them on a network: `peers.py` says what it takes.
 *
 * ```sh
 * deno run -A bench/accuracy/peers.ts network.onnx --data calibration_images.npy --eval dev_images.npy \
 *   --labels dev_labels.npy --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --tools nncf
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Environment, pythonPath } from "../../tests/python/environment.ts";
import { makeEnvironment } from "../../tests/python/make_environment.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const environment: Environment = { name: "quantisers", requirements: path("peers.txt") };

await makeEnvironment(environment);
const command = new Deno.Command(pythonPath(environment), {
  args: [path("peers.py"), ...Deno.args],
  stdout: "inherit",
  stderr: "inherit",
});
const { code } = await command.output();
Deno.exit(code);
