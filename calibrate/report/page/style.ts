/**
 * The style of a page about a calibration.
 *
 * @module
 */

/** One sheet for light and dark, for wide windows, phones and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1c1e21; --soft: #5c636b; --line: #dfe2e6; --bars: #b9c6d6;
  --before: #d1742f; --after: #1c6fbf; --qmse: #1c6fbf; --minmax: #8a8f98; --percentile: #b5860b; --entropy: #8457c2;
  --rounding: #2b8a5a; --clipping: #c23b4b; --good: #207a4c; --bad: #b3313f; --meter: #cfe0f2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1c1f24; --ink: #e7e9ec; --soft: #9aa3ad; --line: #31363d; --bars: #47566a;
    --before: #eb9a5c; --after: #6cb2f5; --qmse: #6cb2f5; --minmax: #9aa3ad; --percentile: #e0b53f; --entropy: #b798ec;
    --rounding: #5fc792; --clipping: #f07a87; --good: #67c795; --bad: #f28b96; --meter: #2b4259;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 28px 20px 64px; }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 44px 0 6px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0 12px; max-width: 76ch; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); gap: 14px; margin: 22px 0; }
.card, details, .sample { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: 14px 18px; margin: 0; }
.card dt { color: var(--soft); font-size: 13px; }
.card dd { margin: 0; }
.card .large { font-size: 26px; font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.card .small { color: var(--soft); font-size: 13px; }
.good { color: var(--good); } .bad { color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0 12px; list-style: none; font-size: 13px; }
.legend li::before { content: ""; display: inline-block; width: 14px; height: 3px; margin-right: 7px; vertical-align: middle; background: var(--colour); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.scroll > .plot { min-width: 720px; padding: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 5px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 550; }
tbody th { text-align: left; font-weight: 500; max-width: 300px; overflow: hidden; text-overflow: ellipsis; position: sticky; left: 0; background: var(--card); }
thead th:first-child, td.word { text-align: left; }
tbody tr:last-child > * { border-bottom: 0; }
.meter { background: linear-gradient(var(--meter) 0 0) left / var(--share) 100% no-repeat; border-radius: 3px; padding: 1px 4px; display: inline-block; min-width: 84px; }
details { margin: 8px 0; }
summary { cursor: pointer; padding: 8px 14px; display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; }
summary h3 { overflow-wrap: anywhere; min-width: 0; }
summary span { color: var(--soft); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 8px 20px; padding: 4px 14px 14px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 13px; color: var(--soft); }
.plot { display: block; width: 100%; height: auto; overflow: visible; font-family: system-ui, sans-serif; font-size: 11px; }
.plot text { white-space: pre; fill: currentColor; stroke: none; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: 12px; }
.sample { display: flex; gap: 12px; padding: 10px; font-size: 13px; min-width: 0; }
.sample img { width: 84px; height: 84px; object-fit: cover; border-radius: 6px; flex: none; image-rendering: auto; }
.sample div { min-width: 0; overflow-wrap: anywhere; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main { padding: 18px 12px 40px; }
  tbody th { max-width: 150px; }
  .cards { grid-template-columns: 1fr 1fr; gap: 8px; }
  .card { padding: 10px 12px; } .card .large { font-size: 20px; }
}
@media print { .scroll { overflow: visible; } details, .sample, .card { break-inside: avoid; } }
`;
