/**
 * Prometheus' text format, version 0.0.4.
 *
 * @module
 */

/** Names and values that tell series of one metric apart. */
export type Labels = Readonly<Record<string, string>>;

/** A metric with all its series. */
export interface Family {
  /** Name of the metric. */
  name: string;
  /** What it is, in one line. */
  help: string;
  /** Kind of metric. */
  type: "counter" | "gauge" | "histogram";
  /** The series; a suffix follows the name. */
  samples: readonly { labels: Labels; value: number; suffix?: string }[];
}

/** Media type of the format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics down.
 *
 * @param families The metrics; those without series are left out.
 * @returns The text; its last line ends, too.
 */
export function expose(families: readonly Family[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(exposeFamily).join("");
}

function exposeFamily({ name, help, type, samples }: Family): string {
  const lines = samples.map(({ labels, value, suffix = "" }) => `${name}${suffix}${exposeLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function exposeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

function escape(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => character === "\n" ? "\\n" : `\\${character}`);
}
