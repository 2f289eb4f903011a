/**
 * A page about a calibration: one HTML file that needs nothing else, no script
 * and no network.
 *
 * @example From a float network to a page
 * ```ts ignore
 * import { calibrate, importOnnx } from "@octet/octet/calibrate";
 * import { reportPage } from "@octet/octet/report";
 *
 * const file = await Deno.readFile("network.onnx");
 * const graph = importOnnx(file, { name: "network" });
 * const { report, details } = await calibrate(graph, { data: "samples.npy", details: true });
 * await Deno.writeTextFile("report.html", reportPage(report, details!, { floatBytes: file.length }));
 * ```
 *
 * @module
 */

import type { CalibrationDetails } from "../details.ts";
import type { CalibrationReport } from "../report.ts";
import { layersSection } from "./layers.ts";
import { escapeHtml } from "./markup.ts";
import { provenanceText, warningsSection } from "./notes.ts";
import { samplesSection } from "./samples.ts";
import { STYLE } from "./style.ts";
import { shiftsSection, tensorsSection } from "./tensors.ts";
import { verdictSection } from "./verdict.ts";

/** What a page tells beside the calibration's own results. */
export interface PageOptions {
  /** Bytes of the float network's file. */
  floatBytes: number;
  /** Names of the classes; those of the data's sub-folders where absent. */
  classes?: readonly string[];
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * Writes the page.
 *
 * Names from the network and of the classes are escaped; the page forbids
 * itself scripts and requests.
 *
 * @param report What the calibration reports.
 * @param details What it collected with `details: true`.
 */
export function reportPage(report: CalibrationReport, details: CalibrationDetails, options: PageOptions): string {
  const name = escapeHtml(report.network);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${name} in 8 bits</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${name} in 8 bits</h1>
<p>${escapeHtml(details.methods)}</p>
${warningsSection(report)}${verdictSection(report, details, options.floatBytes)}
${layersSection(report, details)}
${tensorsSection(details)}
${shiftsSection(details)}
${samplesSection(details, options.classes ?? details.classes)}
<footer>${provenanceText(report.provenance)} Times are medians on the machine that calibrated.</footer>
</main>
</body>
</html>
`;
}
