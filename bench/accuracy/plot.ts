/**
 * Draws the table that `deno task compare --json` wrote.
 *
 * ```sh
 * deno run -A bench/accuracy/plot.ts comparison.json figure.svg
 * ```
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Comparison } from "../../calibrate/compare/comparison.ts";
import { CORRECTIONS, SCALES } from "./method_names.ts";

/** A method in the figure. */
interface Mark {
  weights: string;
  scales: string;
  usp: string;
  /** Divergence from the float network's classes, and its standard error. */
  divergence: number;
  error: number;
}

const COLOURS = ["#8a8f98", "#e0a030", "#2266cc", "#50a878"];

const [source, target] = Deno.args;
const { rows, network }: Comparison = JSON.parse(await Deno.readTextFile(source));
const marks = rows.flatMap(({ name, divergence }): Mark[] => {
  const [weights, scales, correction] = name.split("+");
  if (!(scales in SCALES)) return [];
  const { mean, standardError } = divergence!;
  return [{
    weights: `${weights} weights`,
    scales: SCALES[scales],
    usp: CORRECTIONS[correction],
    divergence: mean,
    error: standardError ?? 0,
  }];
});
const divergences = marks.map(({ divergence }) => divergence);
const [least, greatest] = [Math.min(...divergences), Math.max(...divergences)];
const middle = Math.sqrt(least * greatest);
const shared = { y: "usp", fx: "weights", fy: "scales", stroke: "usp" } as const;
const { document } = parseHTML("<html><body></body></html>") as unknown as {
  document: NonNullable<Plot.PlotOptions["document"]>;
};
const figure = Plot.plot({
  document,
  width: 860,
  height: 460,
  marginLeft: 120,
  marginRight: 20,
  marginTop: 36,
  marginBottom: 44,
  style: { background: "none", fontFamily: "system-ui, sans-serif", fontSize: "12px" },
  x: {
    type: "log",
    domain: [least * 0.85, greatest * 1.15],
    ticks: 3,
    tickFormat: String,
    label: `KL divergence of ${network} from its float network`,
    grid: true,
  },
  y: { axis: null, domain: Object.values(CORRECTIONS) },
  fx: { label: null },
  fy: { label: null, domain: Object.values(SCALES) },
  color: { domain: Object.values(CORRECTIONS), range: COLOURS, legend: false },
  marks: [
    Plot.frame({ stroke: "currentColor", strokeOpacity: 0.2 }),
    Plot.ruleY(marks, {
      ...shared,
      x1: ({ divergence, error }: Mark) => divergence - error,
      x2: ({ divergence, error }: Mark) => divergence + error,
      strokeWidth: 2,
    }),
    Plot.dot(marks, { ...shared, x: "divergence", fill: "usp", r: 4 }),
    // Named once, on the side where there is room.
    ...(["start", "end"] as const).map((textAnchor) =>
      Plot.text(
        marks.filter(({ scales, divergence }) =>
          scales === SCALES.minmax && (divergence > middle) === (textAnchor === "end")
        ),
        {
          ...shared,
          stroke: null,
          fill: "usp",
          x: ({ divergence, error }: Mark) => textAnchor === "end" ? divergence - error : divergence + error,
          text: "usp",
          textAnchor,
          dx: textAnchor === "end" ? -6 : 6,
        },
      )
    ),
  ],
});
figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
// As an image of a page, a figure follows the reader's colour scheme by itself.
const colours = document.createElement("style");
colours.textContent = "svg { color: #222; } @media (prefers-color-scheme: dark) { svg { color: #ddd; } }";
figure.prepend(colours);
await Deno.writeTextFile(target, figure.outerHTML + "\n");
