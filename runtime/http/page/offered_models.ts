/**
 * The models that the page offers, and their bundles.
 *
 * @module
 */

import { DIGEST_BYTES } from "../../bundle/format.ts";
import { toHex } from "../../hexadecimal.ts";
import type { ModelRegistry } from "../models/model_registry.ts";
import { taggedResponse } from "./page_response.ts";

/** A model as the page offers it. */
export interface OfferedModel {
  name: string;
  version: string;
  /** Whether its bundle is given away. */
  download: boolean;
}

/**
 * Lists the models, of each the newest version first; loads none.
 *
 * @param models The models.
 * @param downloads Whether bundles are given away.
 */
export function offeredModels(models: ModelRegistry, downloads: boolean): OfferedModel[] {
  const list = models.list();
  const names = [...new Set(list.map(({ name }) => name))];
  return names.flatMap((name) => list.filter((model) => model.name === name).reverse())
    .map(({ name, version, hasFile }) => ({ name, version, download: downloads && hasFile }));
}

/**
 * Makes the response with a bundle.
 *
 * @param file The bundle's file.
 * @param known Tags that the client holds, in the form of the header `If-None-Match`.
 */
export function bundleResponse(file: Uint8Array<ArrayBuffer>, known: string | undefined): Response {
  const tag = toHex(file.subarray(-DIGEST_BYTES));
  return taggedResponse(file, "application/octet-stream", tag, known, {
    "cache-control": "no-cache",
    "content-disposition": 'attachment; filename="model.octet"',
    "cross-origin-resource-policy": "same-origin",
  });
}
