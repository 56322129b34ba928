"""What a server deploys: models, versions and operations in the database, and the processes of this server."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from boxwright.endpoints.fleet import Fleet, FleetSettings
from boxwright.endpoints.gateway import Gateway
from boxwright.endpoints.meter import Meter
from boxwright.store.models import ModelStore
from boxwright.store.operations import OperationStore
from boxwright.store.versions import VersionStore


@dataclass(frozen=True)
class Deployed:
    """Everything about models that are served."""

    models: ModelStore
    versions: VersionStore
    operations: OperationStore
    fleet: Fleet
    gateway: Gateway
    meter: Meter

    @classmethod
    def over(cls, engine: Engine, settings: FleetSettings) -> Self:
        """Over a database. Its fleet starts processes once it is entered."""
        versions, meter = VersionStore(engine), Meter()
        fleet = Fleet(versions, settings)
        return cls(ModelStore(engine), versions, OperationStore(engine), fleet, Gateway(fleet, meter), meter)
