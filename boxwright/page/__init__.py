"""Parts of a self-contained HTML page: shell, tiles, tables, SVG charts, pictures with boxes drawn on them.

The training report and the data health page are both built from these. A page needs no script and no network.
Every function returns `Html`, a `str` that is not escaped again; plain strings are escaped where they are put in.
"""

from boxwright.page.charts import COLOURS, Line, bar_chart, line_chart, share_bar, short, ticks
from boxwright.page.html import CSS, Cell, Html, escaped, gallery, grid, joined, legend, page, section, table, tiles
from boxwright.page.pictures import DrawnBox, data_uri, draw_boxes, picture_figure

__all__ = [
    "COLOURS",
    "CSS",
    "Cell",
    "DrawnBox",
    "Html",
    "Line",
    "bar_chart",
    "data_uri",
    "draw_boxes",
    "escaped",
    "gallery",
    "grid",
    "joined",
    "legend",
    "line_chart",
    "page",
    "picture_figure",
    "section",
    "share_bar",
    "short",
    "table",
    "ticks",
    "tiles",
]
