/**
 * Makes the Python environments of tests, where they are missing, in a folder
 * outside the project: `deno run -A tests/python/install.ts`. Where one cannot be
 * made that is said, and its tests are skipped.
 *
 * @module
 */

import { CLIENTS, isMade, ONNX } from "./environment.ts";
import { makeEnvironment } from "./make_environment.ts";

for (const environment of [CLIENTS, ONNX]) {
  if (isMade(environment)) continue;
  await makeEnvironment(environment).then(
    () => console.log(`Python packages for tests (${environment.name}): installed`),
    (error) => console.log(`Python packages for tests (${environment.name}): cannot be installed: ${error.message}`),
  );
}
