/**
 * A lane for many rows in a worker.
 *
 * @module
 */

import { answerCalls } from "../stream/answer_calls.ts";
import { createRowLane } from "./row_lane.ts";

answerCalls(createRowLane());
