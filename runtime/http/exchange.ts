/**
 * What is noted about a request while it is answered.
 *
 * @module
 */

import type { Context } from "npm:hono@4.13.19";
import type { FailureReason } from "./http_error.ts";

/** Notes on a request, none of them text that the client could choose freely. */
export interface Exchange {
  /** Id of the request, from the client if it is harmless. */
  requestId: string;
  /** Its path with names of parameters in their place; absent where there is no such path. */
  route?: string;
  /** Name of the model that it is for, where there is one. */
  model?: string;
  /** Bytes of its body. */
  received?: number;
  /** Why it failed, if it did. */
  reason?: FailureReason;
}

/** A request with its notes. */
export type ExchangeContext = Context<{ Variables: Exchange }>;
