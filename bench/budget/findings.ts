/**
 * Figures beside their limits.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import type { Budget } from "../budget.ts";
import type { StartFigures } from "../start/measure.ts";
import type { Sizes } from "./sizes.ts";
import type { Speeds } from "./speed.ts";

/** A figure and whether it keeps its limit. */
export interface Finding {
  /** What was measured. */
  figure: string;
  /** What it measured, in `unit`. */
  measured: number;
  /** Greatest or least number that is allowed. */
  limit: number;
  /** Whether the limit is the greatest number, else the least. */
  isGreatest: boolean;
  /** Unit of both numbers. */
  unit: "bytes" | "ms" | "x" | "of peak";
  /** Whether the limit is kept. */
  kept: boolean;
}

/** The benchmark that the limits of the start are for. */
const START = "start of mobilenet_v2 int8";
const WARM_UP = "mobilenet_v2 int8";

/** Sizes beside their limits. @throws {RangeError} Where the budget names what is not measured. */
export function sizeFindings({ bytes }: Budget, sizes: Sizes): Finding[] {
  const measured: Record<string, number> = {
    "each WASM module": sizes.module,
    "the runtime's minified JavaScript": sizes.javaScript,
  };
  return bytes.map(({ file, atMost }) => {
    if (!Object.hasOwn(measured, file)) {
      throw new InputRangeError(`The budget has a limit for "${file}": nothing measures it`);
    }
    return atMostFinding(file, measured[file], atMost, "bytes");
  });
}

/** Figures of the start beside their limits. */
export function startFindings({ timeRatios, extraMemory, warmUp }: Budget, figures: StartFigures): Finding[] {
  const ratio = timeRatios.filter(({ benchmark, peers }) => benchmark === START && peers.includes("bare"));
  const memory = extraMemory.filter(({ benchmark, over }) => benchmark === START && over === "bare");
  const runs = warmUp.filter(({ benchmark }) => benchmark === WARM_UP);
  return [
    ...ratio.map(({ atMost }) => atMostFinding(`${START}, over a bare process`, figures.ratio, atMost, "x")),
    ...memory.map(({ atMost }) =>
      atMostFinding(`memory at the ${START}, over a bare process`, figures.memory - figures.bareMemory, atMost, "bytes")
    ),
    ...runs.map(({ atMost }) => atMostFinding(`runs of ${WARM_UP} before full speed`, figures.warmUp, atMost, "ms")),
  ];
}

/** Speeds beside the limits of the builds that this host can run. */
export function speedFindings({ speedUps, shares }: Budget, speeds: Speeds[]): Finding[] {
  return speeds.flatMap((speed) => [
    ...speedUps.filter(({ build }) => build === speed.build).map(({ network, build, atLeast }) =>
      atLeastFinding(`${network}, float32 over int8, ${build}`, speed.speedUps[network], atLeast, "x")
    ),
    ...shares.filter(({ build }) => build === speed.build).map(({ kernel, build, atLeast }) =>
      atLeastFinding(`${kernel}, ${build}`, speed.shares[kernel], atLeast, "of peak")
    ),
  ]);
}

function atMostFinding(figure: string, measured: number, limit: number, unit: Finding["unit"]): Finding {
  return { figure, measured, limit, isGreatest: true, unit, kept: measured <= limit };
}

function atLeastFinding(figure: string, measured: number, limit: number, unit: Finding["unit"]): Finding {
  return { figure, measured, limit, isGreatest: false, unit, kept: measured >= limit };
}
