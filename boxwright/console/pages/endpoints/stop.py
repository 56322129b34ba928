"""Ending what is served, after asking."""

from boxwright.console import parts
from boxwright.console.pages.models.deploy import finished, short
from boxwright.console.view import View


async def delete_version(view: View, model: str, version: str) -> None:
    """Undeploy a version: requests under way are answered."""
    question = view.text("endpoints.stop_question", name=version, model=model)
    if await parts.confirm(view, question, view.text("endpoints.stop_one", name=version)):
        await parts.attempt(view, view.api.delete(view.resource("models", model, "versions", version)))


async def delete_endpoint(view: View, model: str) -> None:
    """Undeploy all versions, the default one last, and delete the endpoint."""
    question = view.text("endpoints.delete_question", name=model)
    if not await parts.confirm(view, question, view.text("endpoints.delete")):
        return
    if await parts.attempt(view, _delete_all(view, model)) is not None:
        view.go(view.path("endpoints"))


async def _delete_all(view: View, model: str) -> bool:
    """Raises: ServerError."""
    path = view.resource("models", model)
    record = await view.api.get(path)
    default = short(record.get("defaultVersion", {}).get("name", ""))
    if record.get("traffic"):
        await view.api.patch(path, {"traffic": {}}, updateMask="traffic")
    while versions := (await view.api.get(f"{path}/versions", pageSize=100)).get("versions", []):
        names = sorted((short(one["name"]) for one in versions), key=lambda name: name == default)
        for name in names:
            await finished(view, await view.api.delete(f"{path}/versions/{name}"))
    await view.api.delete(path)
    return True
