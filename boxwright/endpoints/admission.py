"""What is looked at before a version is deployed, so that its mistakes are told at once."""

import os

from pydantic import ValidationError

from boxwright import admission, files, modeldir
from boxwright.spec.deployment import VersionRequest
from boxwright.spec.resource import Fault, InvalidResource
from boxwright.spec.serving import ServeSettings

FIELD = "deploymentUri"

OURS = frozenset(
    {"name", "version", "host", "port", "uds", "certificate", "key", "token_file", "access_log", "fetch", "grace"}
)
"""Settings of `boxwright serve` that the server chooses by itself."""

CHOICES = tuple(sorted(ServeSettings.model_fields.keys() - OURS))


def admit(request: VersionRequest, roots: tuple[str, ...]) -> VersionRequest:
    """Look at the folder and the settings of a version.

    Args:
        roots: folders below which models may lie.

    Returns:
        the request with an absolute folder.

    Raises:
        InvalidResource: the folder lies elsewhere, or holds no model that can be served; settings that are none.
    """
    uri = request.deployment_uri
    folder = os.path.abspath(os.path.expanduser(uri.removeprefix("file://"))) if files.is_local(uri) else uri
    faults = (*_folder_faults(folder, roots, request.settings), *_setting_faults(request.settings))
    if faults:
        raise InvalidResource(faults)
    return request.model_copy(update={"deployment_uri": folder})


def _folder_faults(folder: str, roots: tuple[str, ...], settings: dict[str, str]) -> tuple[Fault, ...]:
    try:
        admission.check_inside(folder, roots)
    except ValueError:
        rule = f"a model's folder must lie below {' or '.join(roots)} (the server's --roots)"
        return (Fault(FIELD, f"{rule}, got {folder!r}"),)
    try:
        modeldir.read_card(folder)
    except (OSError, ValueError, ImportError) as error:
        return (Fault(FIELD, str(error)),)
    if not settings.get("variant") and not files.is_file(files.join(folder, modeldir.ONNX)):
        way_out = f"make it with 'boxwright export {folder} --to=onnx'"
        return (Fault(FIELD, f"there is no {modeldir.ONNX} in {folder!r}; {way_out}"),)
    return ()


def _setting_faults(settings: dict[str, str]) -> tuple[Fault, ...]:
    unknown = sorted(settings.keys() - set(CHOICES))
    faults = [Fault(f"settings.{name}", f"is no setting; there is {', '.join(CHOICES)}") for name in unknown]
    try:
        ServeSettings.model_validate({name: text for name, text in settings.items() if name in CHOICES})
    except ValidationError as error:
        faults += [Fault(f"settings.{one['loc'][0]}", f"{one['msg']}, got {one['input']!r}") for one in error.errors()]
    return tuple(faults)
