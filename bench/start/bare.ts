/** A Deno process that does nothing but say its peak memory. */

import { peakMemory } from "./peak_memory.ts";

console.log(JSON.stringify({ peakMemory: peakMemory() }));
