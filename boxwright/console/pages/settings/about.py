"""How the console looks to this viewer, and which Boxwright this is."""

from nicegui import ui

from boxwright.console import parts, texts
from boxwright.console.view import View

THEMES = {None: "auto", False: "light", True: "dark"}

LICENCE = "Apache-2.0"

DESCRIPTION = "/openapi.json"


async def about(view: View) -> None:
    """Choices are kept in the browser."""
    with parts.panel(view.text("settings.looks"), note=view.text("settings.looks_note")):
        themes = {theme: view.text(f"shell.theme_{theme}") for theme in THEMES.values()}
        _choice(view.text("shell.theme"), themes, THEMES[view.dark], "theme")
        languages = {code: language.name for code, language in texts.languages().items()}
        _choice(view.text("shell.language"), languages, view.language, "language")
    health = await view.api.get("/healthz")
    with parts.panel(view.text("settings.about")):
        rows = [("version", health["version"]), ("licence", LICENCE), ("zone", view.zone.key)]
        parts.facts([(view.text(f"settings.{name}"), value) for name, value in rows])
        with ui.element("p"), ui.element("a").props(f'href="{DESCRIPTION}" target=_blank'):
            ui.label(view.text("shell.documentation"))


def _choice(label: str, options: dict[str, str], value: str, cookie: str) -> None:
    chosen = ui.select(options, value=value, label=label).props("outlined dense").classes("settings-choice")
    # Values are keys of ours; the browser keeps them and loads the page anew.
    chosen.on_value_change(lambda: ui.run_javascript(f"boxwright.choose('{cookie}', '{chosen.value}')"))
