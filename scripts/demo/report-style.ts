/** Colours after Okabe and Ito, told apart also by people who see two colours; on dark ground their lighter sisters. */
export const STYLE = `
:root{color-scheme:light dark;--page:#fff;--card:#f6f7f9;--ink:#16191d;--soft:#59626d;--rule:#dfe3e8;--grid:#e8ebef;--row:#f0f2f5;
--held:#b45f06;--reactive:#00805c;--berth:#0067a8;--predicted:#16191d;--interval:#56b4e9;--bound:#8f3f78;--hot:#d55e00;--warm:#e69f00;--bad:#b3261e;--shade:rgba(96,110,128,.11)}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2026;--ink:#e9ecf0;--soft:#a2acb8;--rule:#333a43;--grid:#272d35;--row:#1f242b;
--held:#f0a63c;--reactive:#2bc296;--berth:#62bdf2;--predicted:#fff;--interval:#56b4e9;--bound:#dd92bf;--hot:#e8743b;--warm:#e6b23a;--bad:#ff8a7d;--shade:rgba(170,185,205,.10)}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1064px;margin:0 auto;padding:40px 32px 64px}
h1{font-size:15px;font-weight:600;letter-spacing:.01em;color:var(--soft);margin:0 0 10px}
.verdict{font-size:27px;line-height:1.32;font-weight:600;letter-spacing:-.012em;margin:0;max-width:44em;text-wrap:pretty}
.lost{margin:12px 0 0;font-size:17px;color:var(--soft)}
h2{font-size:20px;line-height:1.3;letter-spacing:-.008em;margin:52px 0 4px}
h3{font-size:15px;margin:22px 0 4px}
h3 small{font-size:14px}
p{margin:0 0 12px;max-width:84ch}
.caption{color:var(--soft);font-size:15px}
small{font-weight:400;color:var(--soft);font-size:14px}
ul.warnings{list-style:none;margin:20px 0 0;padding:12px 18px;border-left:4px solid var(--warm);background:var(--card);border-radius:0 6px 6px 0}
ul.warnings li{margin:3px 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:15px;margin:12px 0}
th,td{padding:8px 14px 8px 0;text-align:right;border-bottom:1px solid var(--rule);vertical-align:baseline;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:500;font-size:13px;color:var(--soft);vertical-align:bottom}
tbody th{font-weight:500}
th:first-child,td:first-child,td.words{text-align:left}
.policies{font-size:17px;margin-top:28px}.policies tbody th{font-weight:600}
.policies .share{width:42%}.policies .best td,.policies .best th{font-weight:700}
.bar{display:inline-block;vertical-align:-1px;height:14px;width:calc(100% - 7.5em);margin-right:10px;float:left;margin-top:5px}
.moves{font-size:13.5px}.moves th,.moves td{padding-right:10px}.moves thead th{white-space:normal}
.moves td.why{white-space:normal;min-width:18em;line-height:1.4}
thead th:nth-child(n+2){text-align:right}.moves thead th:nth-child(-n+5),.moves thead th:last-child{text-align:left}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px;background:currentColor;vertical-align:-1px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden;margin:20px 0 0}
.tiles div{background:var(--page);padding:10px 16px;display:flex;flex-direction:column-reverse}
.tiles dd{margin:0;font-size:21px;font-weight:600}.tiles dt{font-size:13px;color:var(--soft)}
.bad,.tiles .bad dd{color:var(--bad);font-weight:600}
.none{color:var(--soft);font-style:italic;margin-top:10px}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:8px 0 6px;padding:0;font-size:14px}
.legend svg{width:30px;height:14px;display:inline-block;vertical-align:-2px;margin-right:6px;min-width:0}
.plot{overflow-x:auto;margin:4px 0 0}.plot svg{display:block;width:100%;min-width:720px;height:auto}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:0 48px}.columns table{margin-top:4px}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;font-size:15px;margin:10px 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
q{color:var(--soft)}
footer{margin-top:48px;padding-top:14px;border-top:1px solid var(--rule);color:var(--soft);font-size:13.5px}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}
svg .tick{fill:var(--soft)}svg .clock{font-size:10.5px;fill:var(--soft)}svg .axis{fill:var(--soft)}svg .mid{text-anchor:middle}
svg .note{font-size:12px;fill:var(--soft);font-style:italic}svg .empty{font-size:15px;fill:var(--soft)}svg .lane{font-weight:600}
svg .bound-name{fill:var(--bound);font-weight:600;paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--grid);stroke-width:1}.row{fill:var(--row)}.profiling{fill:var(--shade)}
.start{stroke:var(--soft);stroke-dasharray:1 3}
.bound{stroke:var(--bound);stroke-width:1.6;stroke-dasharray:7 4}
.line,.place,.halo,.dots{fill:none;stroke-linecap:round;stroke-linejoin:round}
.line{stroke-width:1.9}.line.ink-held{stroke-dasharray:none;stroke-width:1.6}.line.ink-reactive{stroke-width:1.6}.line.ink-berth{stroke-width:2.6}
.place{stroke-width:3.4}.halo{stroke:var(--page);stroke-width:6.5}
.move{stroke-width:1;stroke-dasharray:2 3;opacity:.75}
.ink-held{stroke:var(--held)}.ink-reactive{stroke:var(--reactive)}.ink-berth{stroke:var(--berth)}.ink-predicted{stroke:var(--predicted)}
text.ink-held,text.ink-reactive,text.ink-berth{stroke:none}text.ink-held{fill:var(--held)}text.ink-reactive{fill:var(--reactive)}text.ink-berth{fill:var(--berth)}
.fill-held{fill:var(--held);color:var(--held)}.fill-reactive{fill:var(--reactive);color:var(--reactive)}.fill-berth{fill:var(--berth);color:var(--berth)}
.warm{fill:var(--warm);fill-opacity:.26}.hot{fill:var(--hot);fill-opacity:.42}
.interval{fill:var(--interval);fill-opacity:.32;stroke:none}.dots{stroke:var(--hot);stroke-width:4.6}
.diagonal{stroke:var(--soft);stroke-dasharray:4 3}
@media (max-width:720px){main{padding:24px 16px}.verdict{font-size:22px}.tiles{grid-template-columns:repeat(2,1fr)}.columns{grid-template-columns:1fr}}
@media print{:root{--page:#fff;--card:#f6f7f9;--ink:#16191d;--soft:#59626d;--rule:#dfe3e8;--grid:#e8ebef;--row:#f0f2f5;--held:#b45f06;--reactive:#00805c;--berth:#0067a8;--predicted:#16191d;--bound:#8f3f78;--hot:#d55e00;--warm:#e69f00;--bad:#b3261e;--shade:rgba(96,110,128,.11)}
body{font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}.plot svg{min-width:0}.plot,tr,.tiles{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}.moves{font-size:8.5pt}.moves td.why{min-width:0}}
`;
