/**
 * onnxruntime in a Python process that answers many networks.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Tensor } from "../../../runtime/model.ts";
import { ONNX, pythonPath } from "../../python/environment.ts";

/** A network with sets of inputs. */
export interface Question {
  bytes: Uint8Array;
  sets: Record<string, Tensor>[];
}

/** What onnxruntime says to a set of inputs. */
export type Reference = { outputs: Record<string, Tensor> } | { error: string };

/** A running process. */
export interface Onnxruntime {
  /** Answers for each set of inputs of each network. One question follows the answer of the one before. */
  ask(questions: readonly Question[]): Promise<Reference[][]>;
  /** Ends the process. */
  close(): Promise<void>;
}

interface Header {
  outputs?: { name: string; shape: number[] }[];
  error?: string;
}

/** Starts a process; its environment must have been made. */
export function startOnnxruntime(): Onnxruntime {
  const script = fileURLToPath(new URL("answer.py", import.meta.url));
  const command = new Deno.Command(pythonPath(ONNX), { args: [script], stdin: "piped", stdout: "piped" });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader({ mode: "byob" });
  const read = async (size: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (size === 0) return new Uint8Array(0);
    const { value, done } = await reader.read(new Uint8Array(size), { min: size });
    if (done || !value || value.length < size) throw new Error("onnxruntime's process ended");
    return value;
  };
  return {
    async ask(questions) {
      for (const part of encode(questions)) await writer.write(part);
      const size = new DataView((await read(4)).buffer).getUint32(0, true);
      const headers: Header[][] = JSON.parse(new TextDecoder().decode(await read(size)));
      const answers: Reference[][] = [];
      for (const network of headers) {
        const references: Reference[] = [];
        for (const { outputs, error } of network) {
          if (!outputs) {
            references.push({ error: error! });
            continue;
          }
          const tensors: Record<string, Tensor> = {};
          for (const { name, shape } of outputs) {
            const bytes = await read(4 * shape.reduce((a, b) => a * b, 1));
            tensors[name] = { shape, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) };
          }
          references.push({ outputs: tensors });
        }
        answers.push(references);
      }
      return answers;
    },
    async close() {
      await writer.close();
      await reader.cancel();
      await child.status;
    },
  };
}

function encode(questions: readonly Question[]): Uint8Array[] {
  const header = questions.map(({ bytes, sets }) => ({
    bytes: bytes.length,
    sets: sets.map((inputs) => Object.entries(inputs).map(([name, { shape }]) => ({ name, shape }))),
  }));
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, text.length, true);
  const arrays = questions.flatMap(({ bytes, sets }) => [
    bytes,
    ...sets.flatMap((inputs) =>
      Object.values(inputs).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    ),
  ]);
  return [size, text, ...arrays];
}
