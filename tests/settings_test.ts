import { assert, assertEquals, assertThrows } from "@std/assert";
import { readSettings, SETTING_OPTIONS, SETTINGS_HELP } from "../calibrate/commands/setting_options.ts";
import { completeSettings, PRESETS, SETTING_NAMES, SETTINGS, wordOf } from "../calibrate/settings.ts";
import { InputError, InputRangeError } from "../runtime/errors.ts";

Deno.test("Every choice of a setting can be given as an option, and is a setting that calibrate takes", () => {
  for (const name of SETTING_NAMES) {
    const { option, choices } = SETTINGS[name];
    assert(option in SETTING_OPTIONS);
    for (const choice of choices ?? []) {
      assertEquals(readSettings({ [option]: wordOf(choice) }), { [name]: choice });
      assertEquals(completeSettings({ [name]: choice })[name], choice);
    }
  }
  assertEquals(readSettings({ "keep-float": "2", "weight-group": "0" }), { keepFloat: 2, weightGroup: 0 });
  assertEquals(readSettings({ "target-drop": "0.5" }), { targetDrop: 0.5 });
});

Deno.test("What no setting takes is refused by the name under which it was given", () => {
  for (const name of SETTING_NAMES) {
    const { option, range } = SETTINGS[name];
    const kind = range ? InputRangeError : InputError;
    for (const text of ["", " ", "maybe", "-1"]) {
      assertThrows(() => readSettings({ [option]: text }), kind, `--${option} must be `);
      assertThrows(() => readSettings({ [option]: text }), kind, `got "${text}"`);
    }
    assertThrows(() => completeSettings({ [name]: -1 }), kind, `${name} must be `);
    assertThrows(() => completeSettings({ [name]: "maybe" }), kind, "got maybe");
  }
  assertThrows(() => completeSettings({ weightGroup: 6 }), InputRangeError, "a multiple of 4");
});

Deno.test("Settings that exclude each other are refused together", () => {
  assertThrows(() => completeSettings({ keepFloat: 1, targetDrop: 1 }), InputError, "exclude each other");
  assertThrows(() => readSettings({ "keep-float": "0", "target-drop": "1" }), InputError, "does not go together");
  assertEquals(completeSettings({ keepFloat: 0, targetDrop: 1 }).targetDrop, 1);
});

Deno.test("Weights are rounded by GPTQ where nothing else is asked for, but at 8 bits in a hurry", () => {
  assertEquals(completeSettings({}).rounding, "gptq");
  assertEquals(completeSettings({ precision: "fast" }).rounding, "nearest");
  assertEquals(completeSettings({ precision: "fast", weightBits: 4 }).rounding, "gptq");
  assertEquals(completeSettings({ weightBits: 4 }).rounding, "gptq");
  assertEquals(completeSettings({ weightBits: 4, rounding: "nearest" }).rounding, "nearest");
});

Deno.test("Channels have grids of their own by QMSE alone", () => {
  assertEquals(completeSettings({}).equalize, true);
  assertEquals(completeSettings({ scales: "minmax" }).equalize, false);
  assertThrows(
    () => completeSettings({ scales: "minmax", equalize: true }),
    InputError,
    'equalize needs scales "qmse"',
  );
});

Deno.test("A preset holds where no option says otherwise", () => {
  assertEquals(readSettings({ preset: "paper" }), PRESETS.paper);
  assertEquals(readSettings({ preset: "paper", equalize: "on" }), { ...PRESETS.paper, equalize: true });
  assertEquals(readSettings({ preset: "paper", precision: "best" }).precision, "best");
  assertEquals(readSettings({ preset: "paper", "keep-float": "2" }).keepFloat, 2);
  assertEquals(completeSettings(PRESETS.paper).rounding, "nearest");
  assertThrows(() => readSettings({ preset: "article" }), InputError, '--preset must be one of paper: got "article"');
});

Deno.test("Help and docs/calibrate.md name every option with its values and its default", async () => {
  const document = await Deno.readTextFile(new URL("../docs/calibrate.md", import.meta.url));
  const lineOf = (text: string, start: RegExp) => text.split("\n").find((line) => start.test(line)) ?? "";
  for (const name of SETTING_NAMES) {
    const { option, choices = [], range, default: usual } = SETTINGS[name];
    const help = lineOf(SETTINGS_HELP, new RegExp(`^  --${option} `));
    const row = lineOf(document, new RegExp(`^\\| \`--${option}[ \`]`));
    for (const choice of choices) {
      assert(help.includes(wordOf(choice)) && row.includes(`\`${wordOf(choice)}\``), `${option} ${choice}`);
    }
    if (usual === undefined) continue;
    const [, cell] = row.split("|").map((text) => text.trim()).filter(Boolean);
    assert(help.includes(range ? `(default ${usual})` : `${wordOf(usual)} (default)`), option);
    assert(cell.startsWith(range ? String(usual) : `\`${wordOf(usual)}\``), option);
  }
});
