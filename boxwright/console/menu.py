"""Navigation between the pages, and the account's menu."""

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts, texts
from boxwright.console.view import MOUNT, View, page_path

NOUNS = {
    "home": "home",
    "datasets": "photo_library",
    "jobs": "model_training",
    "models": "category",
    "endpoints": "sensors",
}
"""Pages of a project to their icons."""


def navigation(view: View) -> ui.element:
    """Links to all pages; on a phone they are behind the header's button."""
    with ui.element("aside").classes("drawer") as aside, ui.element("nav") as found:
        found.props["aria-label"] = view.text("shell.navigation")
        for noun, icon in NOUNS.items():
            path = (view.project,) if noun == "home" else (view.project, noun)
            _entry(view.text(f"shell.{noun}"), icon, page_path(*path), noun)
        _entry(view.text("shell.settings"), "settings", page_path("settings"), "settings")
    return aside


def _entry(label: str, icon: str, path: str, noun: str) -> None:
    with ui.element("a").props(f"data-noun={noun}").classes("entry") as link:
        link.props["href"] = path
        ui.icon(icon).props("aria-hidden=true")
        ui.label(label)


def header(view: View) -> None:
    """Name, project, and the account's menu."""
    with ui.header().classes("header"):
        toggle = parts.icon_button("menu", view.text("shell.menu"), lambda: None).classes("menu-button")
        toggle.on("click", js_handler="() => boxwright.toggleMenu()")
        with ui.element("a").props(f'href="{MOUNT}/" aria-label="Boxwright"').classes("brand"):
            ui.element("img").props(f'src="{MOUNT}/static/icon.svg" alt="" width=26 height=26')
            ui.label("Boxwright")
        ui.space()
        _projects(view)
        if view.may("trainer"):
            with ui.element("a").classes("primary-link") as link:
                link.props["href"] = view.path("new")
                link.props["aria-label"] = view.text("shell.new_job")
                ui.icon("add").props("aria-hidden=true")
                ui.label(view.text("shell.new_job"))
        _account(view)


def _projects(view: View) -> None:
    """Which project is looked at; its names are only asked for when the menu is opened."""
    button = ui.button(view.project, icon="folder_open", color=None).props("flat no-caps dense").classes("project")
    button.props["aria-label"] = f"{view.text('shell.project')}: {view.project}"
    with button, ui.menu() as menu:
        pass

    async def fill() -> None:
        try:
            found = (await view.api.get("/v1/projects")).get("projects", [])
        except ServerError:
            found = []
        names = {one["name"] if isinstance(one, dict) else str(one) for one in found} | {view.project}
        menu.clear()
        with menu:
            for name in sorted(names):
                # The whole page anew, navigation included: another project has other addresses.
                with ui.element("a").classes("entry") as link:
                    link.props["href"] = page_path(name)
                    link.on("click.stop.prevent", js_handler="(event) => location.assign(event.currentTarget.href)")
                    ui.label(name)

    menu.on("before-show", fill)


def _account(view: View) -> None:
    button = parts.icon_button("account_circle", view.text("shell.account", name=view.name), lambda: None)
    with button, ui.menu().classes("account"):
        ui.label(view.text("shell.signed_in", name=view.name, role=view.role)).classes("note")
        ui.separator()
        ui.label(view.text("shell.theme")).classes("note")
        for theme in ("auto", "light", "dark"):
            _choice(view.text(f"shell.theme_{theme}"), "theme", theme)
        ui.separator()
        ui.label(view.text("shell.language")).classes("note")
        for code, language in texts.languages().items():
            _choice(language.name, "language", code)
        ui.separator()
        with ui.menu_item(on_click=lambda: ui.run_javascript("boxwright.signOut()")):
            ui.label(view.text("shell.sign_out"))


def _choice(label: str, name: str, value: str) -> None:
    ui.menu_item(label, on_click=lambda: ui.run_javascript(f"boxwright.choose('{name}', '{value}')"))
