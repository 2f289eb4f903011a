/**
 * A lane in a worker.
 *
 * @module
 */

import { answerCalls } from "../lanes/answer_calls.ts";
import { CALIBRATION } from "./table.ts";

answerCalls(CALIBRATION);
