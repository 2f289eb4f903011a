/**
 * A Deno process that does nothing but say its peak memory.
 *
 * @module
 */

import { peakMemory } from "../peak_memory.ts";

console.log(peakMemory());
