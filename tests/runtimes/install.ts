/**
 * Installs the hosts that are missing, by npm, into a folder outside the
 * project: `deno run -A tests/runtimes/install.ts`. What cannot be had is said;
 * its tests are skipped.
 *
 * @module
 */

import { findTool, toolFolder, type ToolName, TOOLS } from "./tools.ts";

for (const name of Object.keys(TOOLS) as ToolName[]) {
  const { package: holder, version } = TOOLS[name];
  if (findTool(name) !== undefined) continue;
  if (holder === undefined) {
    console.log(`${name}: no package for this system`);
    continue;
  }
  const folder = toolFolder(name);
  await Deno.mkdir(folder, { recursive: true });
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, `${holder}@${version}`];
  const command = new Deno.Command(Deno.build.os === "windows" ? "npm.cmd" : "npm", { args, stderr: "piped" });
  const reason = await command.output().then(
    ({ success, stderr }) => success ? undefined : new TextDecoder().decode(stderr).split("\n")[0],
    (error) => error.message,
  );
  console.log(reason === undefined ? `${name}: installed` : `${name}: cannot be installed: ${reason}`);
}
