/**
 * A worker whose model can be made to fail: by an input that begins with 666,
 * which corrupts the memory of its instance, or with 667, which ends the worker.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { serveModel } from "../../runtime/http/models/served_model.ts";
import { createHost } from "../../runtime/http/serve/workers/host.ts";
import type { Order } from "../../runtime/http/serve/workers/messages.ts";
import { Model } from "../../runtime/model.ts";

const memories: WebAssembly.Memory[] = [];
const Instance = WebAssembly.Instance;
WebAssembly.Instance = class extends Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    memories.push(this.exports.memory as WebAssembly.Memory);
  }
};

const host = createHost((bundle) => {
  const model = new Model(bundle);
  const memory = memories.at(-1)!;
  const run = model.run.bind(model);
  model.run = (inputs) => {
    const { data } = inputs.x as { data: Float32Array };
    if (data[0] === 666) new Int32Array(memory.buffer).fill(0x7fff0000);
    return run(inputs);
  };
  return serveModel(model);
}, (reply, transfer) => self.postMessage(reply, transfer));

self.onmessage = ({ data: order }: MessageEvent<Order>) => {
  if (order.kind === "run" && "inputs" in order.task && order.task.inputs.x.data[0] === 667) {
    throw new Error("a defect");
  }
  return host(order);
};
