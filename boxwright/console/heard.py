"""What components hear from the server by themselves, in the viewer's language."""

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from boxwright.console.view import View


def translate(element: Element, view: View) -> None:
    """Answer a component's event "told", the server's words, by its method `say`: those words, and the viewer's."""

    def say(event: GenericEventArguments) -> None:
        words = str(event.args)
        element.run_method("say", words, view.said(words))

    element.on("told", say)
