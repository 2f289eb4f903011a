/**
 * A lane in a worker.
 *
 * @module
 */

import { answerCalls } from "./answer_calls.ts";
import { createLane } from "./lane.ts";

answerCalls(createLane());
