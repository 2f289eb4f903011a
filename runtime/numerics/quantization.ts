/**
 * The arithmetic of 8-bit values, as the kernels do it.
 *
 * @module
 */

import { roundTiesToEven } from "./float32.ts";

/**
 * Quantises one float32 to u8: clamp(round(value x inverseScale) + zeroPoint, 0, 255).
 *
 * @param value The value; NaN gives the zero point.
 * @param inverseScale 1 / scale as a float32.
 * @param zeroPoint 0 to 255.
 * @returns 0 to 255.
 */
export function quantizeValue(value: number, inverseScale: number, zeroPoint: number): number {
  const scaled = Math.fround(value * inverseScale);
  if (Number.isNaN(scaled)) return zeroPoint;
  return roundTiesToEven(Math.min(Math.max(scaled, -zeroPoint), 255 - zeroPoint)) + zeroPoint;
}

/** The real value of a u8: (q - zeroPoint) x scale in float32. */
export function dequantizeValue(quantized: number, scale: number, zeroPoint: number): number {
  return Math.fround((quantized - zeroPoint) * scale);
}
