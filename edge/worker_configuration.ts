/**
 * The configuration of a Cloudflare Worker.
 *
 * @module
 */

import type { EdgeModel } from "./read_models.ts";

/** Behaviour of the host that the worker was made for. */
export const COMPATIBILITY_DATE = "2025-11-01";

/**
 * Writes the configuration that Wrangler deploys a worker by.
 *
 * @param models The models that it serves; the first gives it a name.
 */
export function writeWorkerConfiguration(models: readonly EdgeModel[]): Uint8Array {
  const name = `octet-${models[0].name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 54).replace(/-$/, "");
  const configuration = {
    name,
    main: "worker.js",
    compatibility_date: COMPATIBILITY_DATE,
    no_bundle: true,
  };
  return new TextEncoder().encode(JSON.stringify(configuration, null, 2) + "\n");
}
