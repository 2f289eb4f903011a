/**
 * Where tests keep what they install.
 *
 * @module
 */

import process from "node:process";

/** A folder of the user's cache, outside the project; it need not be there. */
export function cacheFolder(name: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? `${process.env.HOME ?? process.env.LOCALAPPDATA}/.cache`;
  return `${cache}/${name}`;
}
