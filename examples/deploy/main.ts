/**
 * The entry of an app on Deno Deploy: serves the edge function `edge.js`, which
 * `build:edge` writes beside this file.
 *
 * @module
 */

const { default: edge } = await import(import.meta.resolve("./edge.js"));
const server = Deno.serve(edge.fetch);

// Deno Deploy asks an instance to end by this signal, and gives it five seconds.
Deno.addSignalListener("SIGINT", () => server.shutdown());
