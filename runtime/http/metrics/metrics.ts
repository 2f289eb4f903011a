/**
 * What a server measures.
 *
 * @module
 */

import { FAILURE_REASONS } from "../http_error.ts";
import {
  type Counter,
  createCounter,
  createGauge,
  createHistogram,
  type Gauge,
  type Histogram,
} from "./instruments.ts";

/** The instruments of a server; their labels come from fixed lists and the names of the models alone. */
export interface Metrics {
  /** Requests by `route`, `method` and `status`. */
  requests: Counter;
  /** Failed requests by `reason`. */
  failures: Counter;
  /** Requests that are being answered. */
  inFlight: Gauge;
  /** Seconds from a request to its response, by `route`. */
  requestSeconds: Histogram;
  /** Seconds in which a `model` of a `version` answered, waiting included. */
  inferenceSeconds: Histogram;
  /** Seconds to decode an image, by `format`; of those that were classified. */
  decodeSeconds: Histogram;
  /** Seconds for which a request waited for a `model` of a `version`; observed by whatever queues them. */
  queueSeconds: Histogram;
  /** Requests that wait for a `model` of a `version`; set by whatever queues them. */
  queueLength: Gauge;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the instruments of a server. */
export function createMetrics(): Metrics {
  const failures = createCounter("octet_request_failures_total", "Failed requests by reason");
  for (const reason of FAILURE_REASONS) failures.add({ reason }, 0);
  return {
    requests: createCounter("octet_requests_total", "Requests by route, method and status"),
    failures,
    inFlight: createGauge("octet_requests_in_flight", "Requests that are being answered"),
    requestSeconds: createHistogram("octet_request_duration_seconds", "Time from request to response", SECONDS),
    inferenceSeconds: createHistogram("octet_inference_duration_seconds", "Time in which a model answered", SECONDS),
    decodeSeconds: createHistogram("octet_image_decode_seconds", "Time to decode an image", SECONDS),
    queueSeconds: createHistogram("octet_queue_wait_seconds", "Time for which a request waited for a model", SECONDS),
    queueLength: createGauge("octet_queue_length", "Requests that wait for a model"),
  };
}
