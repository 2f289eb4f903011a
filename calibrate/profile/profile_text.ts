/**
 * Profiles as text for a terminal.
 *
 * @module
 */

import { escapeText } from "../../cli/escape_text.ts";
import { textTable } from "../../cli/text_table.ts";
import { grouped, shapesText, shortened } from "../inspect/description_text.ts";
import type { Profile } from "./profile.ts";

/** A profile in lines, without a newline at the end. */
export function profileText(profile: Profile): string {
  const rows = profile.layers.map((layer) => [
    layer.kernel,
    shortened(layer.name),
    shapesText(layer.inputs, layer.output),
    layer.milliseconds.toFixed(3),
    ...workCells(layer),
    `${(layer.share * 100).toFixed(1)} %`,
  ]);
  const sum = profile.layers.reduce((total, layer) => total + layer.milliseconds, 0);
  const gigaMacsPerSecond = sum > 0 ? profile.multiplyAdds / sum / 1e6 : 0;
  const cells = workCells({ multiplyAdds: profile.multiplyAdds, gigaMacsPerSecond });
  const table = textTable(
    ["Kernel", "Layer", "Shape", "ms", "MACs", "GMAC/s", "Share"],
    [...rows, ["total", "", "", sum.toFixed(3), ...cells, "100.0 %"]],
    { align: ["left", "left", "left", "right", "right", "right", "right"] },
  );
  return `${escapeText(profile.name)}, ${profile.kernels} kernels: ${
    profile.milliseconds.toFixed(3)
  } ms for a whole run\n` +
    `Medians of ${grouped(profile.runs)} runs with one sample; shapes are channels last.\n\n${table}`;
}

/** Multiply-adds and their rate, empty where there are none. */
function workCells(work: { multiplyAdds: number; gigaMacsPerSecond: number }): string[] {
  if (work.multiplyAdds === 0) return ["", ""];
  return [grouped(work.multiplyAdds), work.gigaMacsPerSecond.toFixed(1)];
}
