/** The page's style; it follows the reader's choice of light or dark. */
export const STYLE = `:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e4e7ea);
  --muted: light-dark(#59636e, #9aa4ae);
  --paper: light-dark(#ffffff, #14171b);
  --line: light-dark(#d5dae0, #33393f);
  --ours: light-dark(#1f6feb, #4c8dff);
  --other: light-dark(#a3acb6, #68727c);
  --spread: light-dark(#0b2f66, #d3e3ff);
}
body {
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif;
}
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1.5rem 0 0; }
nav { display: flex; flex-wrap: wrap; gap: 0 1rem; }
a { color: var(--ours); }
summary { cursor: pointer; }
.machine { margin: 0 0 0.5rem; color: var(--muted); font-size: 13px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15rem 0.9rem 0.15rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
.number { text-align: right; }
svg { display: block; width: 100%; margin: 0.5rem 0; font-size: 12px; }
text { fill: var(--text); dominant-baseline: central; }
.group { font-weight: 600; }
.label { text-anchor: end; }
.figure { fill: var(--muted); }
.bar { fill: var(--ours); }
.other { fill: var(--other); }
.spread { stroke: var(--spread); fill: none; stroke-width: 1.5; }
`;
