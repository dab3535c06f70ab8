"""The fonts of the pages, which the dashboard serves itself; their licence lies beside them (`fonts/OFL.txt`)."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tracker.messages import sentence

FOLDER = files(__package__).joinpath("fonts")
SECONDS_KEPT = 30 * 24 * 60 * 60


def routes() -> list[BaseRoute]:
    """The address of each font."""
    return [Route("/fonts/{name}", font, methods=["GET"])]


async def font(request: Request) -> Response:
    """A font by the name of its file."""
    found = {one.name: one for one in FOLDER.iterdir() if one.name.endswith(".woff2")}
    chosen = found.get(request.path_params["name"])
    if chosen is None:
        return PlainTextResponse(sentence("no_such_address"), 404)
    return Response(
        chosen.read_bytes(),
        media_type="font/woff2",
        headers={"Cache-Control": f"public, max-age={SECONDS_KEPT}"},
    )
