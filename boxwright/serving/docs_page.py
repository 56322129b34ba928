"""The OpenAPI document as a page for people: no script, and nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from boxwright import page
from boxwright.page import Html, escaped, joined
from boxwright.serving.model import ServedModel

EXAMPLES = "x-examples"
"""Field of a route in the OpenAPI document: commands that ask it; {url} stands for the server."""

STYLE = """
:root { color-scheme: light dark; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: #f6f7f9; border: 1px solid #e4e7ec; border-radius: 8px; padding: 10px 12px; overflow-x: auto; }
details { border-top: 1px solid #eef0f3; padding: 8px 0; }
summary { cursor: pointer; }
summary:focus-visible { outline: 2px solid #2563eb; outline-offset: 2px; border-radius: 4px; }
summary b { display: inline-block; min-width: 52px; font: 600 12px/1.5 ui-monospace, monospace; color: #2563eb; }
summary span { color: #667085; padding-left: 10px; }
@media (prefers-color-scheme: dark) {
  body { background: #10141b; color: #e6e9ef; } section { background: #171c25; border-color: #2a3140; }
  pre { background: #10141b; border-color: #2a3140; } details, td { border-color: #2a3140; }
  summary b, a { color: #7aa5ff; } summary span, p.note, th { color: #9aa4b5; }
}
"""

_HASH = base64.b64encode(hashlib.sha256((page.CSS + STYLE).encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Of the answer that is the page."""

Routes = Mapping[str, list[tuple[str, str, Mapping[str, Any]]]]


def page_of(document: Mapping[str, Any], model: ServedModel, url: str) -> str:
    """The page.

    Args:
        document: OpenAPI's.
        model: that answers where a request names none.
        url: of the server, as its client calls it.
    """
    classes = ", ".join(one.name for one in model.card.classes)
    about = page.section(
        "Model",
        page.table(
            ("", ""),
            [
                ("Name", model.name),
                ("Version", model.version),
                ("Classes", classes),
                ("Algorithm", model.card.algorithm),
            ],
        ),
        Html('<p class="note">The same as a document for programs: <a href="/openapi.json">/openapi.json</a></p>'),
    )
    sections = [
        page.section(name, *(_route(*one, url) for one in routes)) for name, routes in _by_tag(document).items()
    ]
    return page.page("Boxwright serving", f"What can be asked at {url}", about, *sections, style=STYLE)


def _by_tag(document: Mapping[str, Any]) -> Routes:
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            found.setdefault(one.get("tags", ["further"])[0], []).append((method.upper(), path, one))
    return dict(sorted(found.items(), key=lambda item: item[0] != "boxwright"))  # our own come first


def _route(method: str, path: str, one: Mapping[str, Any], url: str) -> Html:
    parts: list[Html] = [Html(f"<p>{escaped(one.get('description', ''))}</p>")]
    if parameters := one.get("parameters"):
        rows = [(item["name"], item["in"], item.get("description", "")) for item in parameters]
        parts.append(page.table(("Parameter", "in", ""), rows))
    if body := one.get("requestBody"):
        kinds = ", ".join(body.get("content", {}))
        parts.append(Html(f"<p>Body: {escaped(kinds)}. {escaped(body.get('description', ''))}</p>"))
    parts += [Html(f"<pre>{escaped(text)}</pre>") for text in _examples(method, path, one, url)]
    parts.append(page.table(("Status", ""), [(code, said["description"]) for code, said in one["responses"].items()]))
    head = f"<b>{method}</b><code>{escaped(path)}</code><span>{escaped(one.get('summary', ''))}</span>"
    return Html(f"<details><summary>{head}</summary>{joined(parts)}</details>")


def _examples(method: str, path: str, one: Mapping[str, Any], url: str) -> Iterator[str]:
    if EXAMPLES in one:
        yield from (text.replace("{url}", url) for text in one[EXAMPLES])
        return
    content = one.get("requestBody", {}).get("content", {})
    if not content:
        yield f"curl {'' if method == 'GET' else f'-X {method} '}'{url}{path}'"
        return
    (kind, said), *_ = content.items()
    if "json" in kind:
        example = said.get("example") or said.get("schema", {}).get("example") or {}
        yield f"curl --json '{json.dumps(example)}' '{url}{path}'"
    else:
        yield f"curl --data-binary @photo.jpg -H 'Content-Type: {kind}' '{url}{path}'"
