"""Probes for those who keep the system running."""

from fastapi import APIRouter

from app.api.v1.dependencies import App, Now, Reading
from app.db.revision import needed_revision, revision_of
from app.domain.errors import Unavailable
from app.http.problems import documented
from app.http.transactions import TransactionRoute
from app.schemas.schemas import Health

router = APIRouter(tags=["health"], route_class=TransactionRoute)


@router.get("/livez")
async def alive() -> Health:
    """The process answers. Asks nothing of the database."""
    return Health()


@router.get("/readyz", responses=documented())
def ready(session: Reading, app: App, now: Now) -> Health:
    """The database answers, its schema is the one that this version needs, and it takes changes."""
    if revision_of(session.connection()) != needed_revision():
        raise Unavailable("The database is not at the schema of this version: run migrate.")
    app.readiness.check(app.database, now)
    return Health()
