"""Style and script of a study's report: colours for light and dark mode, and tables sorted by a click."""

from boxwright.page import Html

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ground: #f6f7f9; --ink: #1f2733; --soft: #667085; --rule: #e4e7ec;
  --frame: #98a2b3; --usual: #2563eb; --best: #d97706; --failed: #dc2626; }
@media (prefers-color-scheme: dark) { :root { --paper: #171c24; --ground: #0e1116; --ink: #e6eaf0; --soft: #9aa5b5;
  --rule: #2a323e; --frame: #5b6779; --usual: #6ea3ff; --best: #fbb040; --failed: #ff7b72; } }
body { background: var(--ground); color: var(--ink); }
section, .tile { background: var(--paper); border-color: var(--rule); }
p.note, .tile span, th, .legend, footer { color: var(--soft); }
th { border-color: var(--frame); vertical-align: bottom; }
th, td { padding-right: 18px; }
td { border-color: var(--rule); }
figure.chart figcaption { color: var(--ink); }
.tile { flex: 1 1 auto; }
section > p.note:last-child { margin: 0; }
.legend.bands { padding: 0 0 14px; gap: 8px; }
.grid { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.grid > figure { max-width: 540px; }
.legend { padding: 8px 0 0; display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: center; }
.legend svg { display: inline-block; vertical-align: -2px; margin-right: 6px; }
.plot { font-size: 12.5px; fill: var(--soft); }
.plot .name { fill: var(--ink); }
.plot .edge { fill: none; stroke: var(--frame); }
.plot .rule { stroke: var(--rule); }
.plot .upright { stroke: var(--frame); stroke-width: 1.2; }
.plot .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.plot .bar { fill: var(--usual); }
.plot .dot { stroke: var(--paper); stroke-width: 1; fill: var(--usual); fill-opacity: .85; }
.plot .dot.early { fill: var(--paper); fill-opacity: 1; stroke: var(--usual); stroke-width: 1.6; }
.plot .dot.best { fill: var(--best); fill-opacity: 1; stroke: var(--ink); }
.plot .failed { stroke: var(--failed); stroke-width: 1.8; fill: none; }
.plot .so-far { stroke: var(--best); stroke-width: 2; fill: none; }
.plot .line { fill: none; stroke-opacity: .7; stroke: var(--usual); stroke-width: 1.5; stroke-linejoin: round; }
.plot .line.early { stroke-dasharray: 5 4; }
.plot .line.best { stroke: var(--best); stroke-width: 3; stroke-opacity: 1; }
.plot .end { fill: var(--usual); }
.plot .end.best { fill: var(--best); }
.plot .trial:hover, .plot .trial.hot { opacity: 1; }
.plot .trial:hover .line, .plot .trial.hot .line { stroke-width: 4; }
.plot .dot:hover, .plot .dot.hot { stroke: var(--ink); stroke-width: 3; }
.plot .failed:hover, .plot .failed.hot { stroke-width: 4; }
data, .right { display: block; text-align: right; white-space: nowrap; }
th .right { white-space: normal; }
.sorted td { white-space: nowrap; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; width: 100%;
  text-align: inherit; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
.ramp { display: inline-flex; }
.ramp i { width: 26px; height: 14px; }
td details { white-space: pre-wrap; }
"""
"""Added to the style of all pages."""

SCRIPT = Html("""<script>
document.querySelectorAll(".sorted th").forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.onclick = () => {
    const down = head.getAttribute("aria-sort") === "ascending", body = head.closest("table").tBodies[0];
    const key = row => {
      const cell = row.cells[column], data = cell.querySelector("data");
      return data ? data.value : cell.textContent;
    };
    const compare = (a, b) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = isFinite(a) && isFinite(b) ? a - b : a.localeCompare(b);
      return down ? -order : order;
    };
    body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
    head.parentNode.querySelectorAll("th").forEach(one => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
});
const marked = event => {
  const trial = event.target.closest?.("[data-trial]")?.dataset.trial;
  document.querySelectorAll("[data-trial]").forEach(one => one.classList.toggle("hot", one.dataset.trial === trial));
};
document.addEventListener("mouseover", marked);
</script>""")
"""Sorts the table of trials by the clicked column, and marks a trial in all charts; the page is whole without it."""
