"""What the dashboard answers at `/healthz`, for whoever watches it and for `tracker doctor`.

It is for the own network alone: the web servers in front keep this address to themselves.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import health
from tracker.errors import TrackerError
from tracker.storage.database import AWAY
from tracker.ui.wiring import services

ADDRESS = "/healthz"


def routes() -> list[BaseRoute]:
    """The address."""
    return [Route(ADDRESS, healthz, methods=["GET"])]


async def healthz(_request: Request) -> Response:
    """200 with the installation that this dashboard belongs to, 503 where it cannot use its database."""
    told = {"program": health.Program.DASHBOARD}
    try:
        installation = await run_in_threadpool(_installation)
    except (TrackerError, *AWAY):
        return JSONResponse({"status": "unwell", **told}, 503)
    return JSONResponse({"status": "ok", **told, "installation": installation})


def _installation() -> str:
    return services().read(health.installation_of)
