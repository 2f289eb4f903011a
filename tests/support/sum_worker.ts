import { answerCalls } from "../../calibrate/lanes/answer_calls.ts";
import { SUMS } from "./sum_stage.ts";

answerCalls(SUMS);
