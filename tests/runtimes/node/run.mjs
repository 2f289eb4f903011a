// Runs an edge function in this Node or Bun: `run.mjs FUNCTION IMAGES`, and prints the answers.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ask } from "../ask.js";

const [script, images] = process.argv.slice(2);
const { default: edge } = await import(pathToFileURL(script).href);
const send = (path, init) => edge.fetch(new Request(`http://localhost${path}`, init));
console.log(JSON.stringify(await ask(send, JSON.parse(await readFile(images, "utf8")))));
