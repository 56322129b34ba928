"""Operations with what they work on, as it is now."""

from typing import Any

from boxwright.api.deps import Context
from boxwright.api.model_resources import model_json, operation_json, version_json
from boxwright.store.model_records import ModelMissing, OperationRecord


def answer_of(context: Context, record: OperationRecord) -> dict[str, Any]:
    """An operation as the API gives it."""
    try:
        model = context.deployed.models.get(record.project, record.model)
    except ModelMissing:
        return operation_json(record, {}, {})
    if not record.version:
        return operation_json(record, model_json(model, None), {})
    try:
        version = context.deployed.versions.get(record.project, record.model, record.version)
    except ModelMissing:
        return operation_json(record, {}, {})
    shown = version_json(model, version) if version.uid == record.version_uid else {}
    return operation_json(record, {}, shown)
