"""The doors that the code has, found in the code."""

import argparse
import ast
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from tests.screens import PAGES, PROJECT
from tracker.server.routes import ROUTES

SCREENS = sorted(
    [PROJECT / "dashboard.py", *(PROJECT / "pages").glob("*.py"), *(PROJECT / "tracker" / "ui").glob("*.py")]
)
# What makes a part of a page that draws itself anew, each with the name of that part where it is always the same.
MAKE_PARTS = {"fragment": "", "draw": "", "redraw_on_change": "check"}


def pages() -> set[str]:
    """The scripts of the pages."""
    return set(PAGES)


def parts() -> set[str]:
    """`file part` of everything that pages and panels have drawn again by itself."""
    found = {f"{name} still_signed_in" for name in PAGES}  # the gate of each
    for file, node in _nodes():
        if file == "tracker/ui/page.py" or not isinstance(node, ast.Call):
            continue
        made = _of_page(node.func)
        if made in MAKE_PARTS:
            found.add(f"{file} {MAKE_PARTS[made] or ast.unparse(node.args[0])}")
    return found


def dialogs() -> set[str]:
    """`file function` of everything that opens as a dialog."""
    return {
        f"{file} {node.name}"
        for file, node in _nodes()
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(one, ast.Call) and _of_page(one.func) == "dialog" for one in node.decorator_list)
    }


def downloads() -> list[str]:
    """The file of each place that offers a download."""
    return [file for file, node in _nodes() if isinstance(node, ast.Attribute) and node.attr == "download_button"]


def addresses(app: Starlette) -> set[str]:
    """`METHOD path` of everything that the dashboard's server answers; HEAD is as GET."""
    found = set()
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            found.add(f"WEBSOCKET {route.path}")
        elif isinstance(route, Route) and not (route.methods or set()) >= {"GET", "POST", "PUT"}:
            found |= {f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}}
        elif isinstance(route, Route | Mount):
            found.add(f"ANY {route.path or '/'}")
        else:
            raise AssertionError(f"an address of another kind: {route}")
    return found


def routes() -> set[str]:
    """`METHOD path` of everything that the tracker answers."""
    return {f"{method} {path}" for path, methods in ROUTES.items() for method in methods}


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command as it is typed, `user add` and the like too."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                deeper = list(commands(below))
                yield from ((f"{name} {rest}", one) for rest, one in deeper) if deeper else ((name, below),)


def _of_page(node: ast.expr) -> str:
    """`x` of `page.x`, or of an `x` that was imported from there."""
    if isinstance(node, ast.Attribute):
        return node.attr if isinstance(node.value, ast.Name) and node.value.id == "page" else ""
    return node.id if isinstance(node, ast.Name) and node.id in ("fragment", "redraw_on_change", "dialog") else ""


def _nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in SCREENS:
        file = path.relative_to(PROJECT).as_posix()
        yield from ((file, node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
