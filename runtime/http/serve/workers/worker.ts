/**
 * A worker of the server.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { Model } from "../../../model.ts";
import { serveModel } from "../../models/served_model.ts";
import { createHost } from "./host.ts";

const host = createHost(
  (bundle) => serveModel(new Model(bundle)),
  (reply, transfer) => self.postMessage(reply, transfer),
);

self.onmessage = ({ data }) => host(data);
