"""What pages of others, a neighbour in the school's domain or a stranger try at the dashboard's web side."""

import ast
import asyncio
import logging
import re
import tempfile
import tomllib
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from streamlit import config
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette import starlette_app_utils, starlette_routes

from tests.asgi import HOST, Answer, post, request, websocket
from tests.gate_client import BEHIND, PAGE, account, cookie_of, fault, get, log_in
from tests.makers import settings
from tests.screens import PROJECT
from tracker import demo
from tracker.messages import sentence
from tracker.rosters import LARGEST_FILE
from tracker.settings import Settings, read_settings
from tracker.storage.members import Member
from tracker.ui import connections, forms, uploads, wiring
from tracker.ui.connections import MOST_OF_ADDRESS, Places
from tracker.ui.cookies import STRICT
from tracker.ui.gate import Gate
from tracker.ui.headers import content_policy, harden
from tracker.ui.origin import host_is_allowed
from tracker.ui.sign_in import BROWSER_COOKIE, COOKIE

pytestmark = pytest.mark.database("sqlite")

HTTPS = {"x-forwarded-proto": "https"}
STREAM = "/_stcore/stream"
OPENED, REFUSED = ["websocket.accept", "websocket.close"], ["websocket.close"]


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


@pytest.fixture
def cookie(app: Starlette, ana: Member) -> dict[str, str]:
    return cookie_of(app)


# Names that lead here


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", f"{HOST}.evil.example", f"evil-{HOST}", f"x.{HOST}", "localhost.evil.example"),
        *("192.0.2.7", "[::2]", f"{HOST}@evil.example", f"{HOST},evil.example", f"{HOST}:99:99", "x" * 5000),
        *("", "[", "a b", "a/../b?c#d"),
    ],
)
def test_dns_rebinding(app: Starlette, cookie: dict[str, str], host: str) -> None:
    there = {"host": host, "origin": f"http://{host}"}
    answers = (get(app, "/", cookie | there), get(app, "/login", there), get(app, "/_stcore/health", there))
    for answer in (*answers, log_in(app, headers=there)):
        assert answer.status == 421
        assert "ALLOWED_HOSTS" in answer.text
        assert answer.cookies == {}
    assert websocket(app, STREAM, cookie | there) == REFUSED


def allowed(settings: Settings, *hosts: str, server: str = "10.0.0.5") -> bool:
    """Whether a browser may come to `server` with these Host headers."""
    headers = [(b"host", host.encode()) for host in hosts]
    return host_is_allowed(HTTPConnection({"type": "http", "headers": headers, "server": (server, 8501)}), settings)


def test_dns_rebinding_with_two_host_headers() -> None:
    assert not allowed(settings(), "evil.example", "localhost")
    assert not allowed(settings(), "localhost", "localhost")
    assert not allowed(settings())


def test_dns_rebinding_to_the_demo_with_its_known_passwords(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("platform.node", lambda: "laptop")
    found = read_settings(demo.environment({"TRACKER_DATA_DIR": str(tmp_path), "ALLOWED_HOSTS": "*"}))
    names = ("localhost:8501", "127.0.0.1:8501", "[::1]:8501", "evil.example", "laptop", "10.0.0.9")
    assert [name for name in names if allowed(found, name, server="127.0.0.1")] == list(names[:3])


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("", "localhost 127.0.0.1:8501 [::1]:8501 10.0.0.5:8501 10.0.0.1 Machine machine.school.example machine.local"),
        ("a.example, *.B.example", "localhost 10.0.0.5 10.0.0.1 a.example A.example:443 a.example. x.b.example"),
        ("*", "anything.example 192.0.2.9"),
    ],
)
def test_names_of_the_dashboard_are_no_attack(monkeypatch: pytest.MonkeyPatch, said: str, names: str) -> None:
    monkeypatch.setattr("platform.node", lambda: "machine.school.example")
    found = settings(ALLOWED_HOSTS=said, TRACKER_HOST="10.0.0.1")
    assert [name for name in names.split() if not allowed(found, name)] == []
    if said != "*":
        others = ("b.example", "xb.example", "evil.example", "a.example.evil.example", "10.0.0.6", "example")
        assert [name for name in others if allowed(found, name)] == []


# Pages of others


@pytest.mark.parametrize(
    "origin",
    [
        *(f"https://{HOST}", f"http://{HOST}:8501", f"http://{HOST}.evil.example", f"http://evil-{HOST}"),
        *(f"http://x.{HOST}", f"http://{HOST}@evil.example", f"http://{HOST}/", HOST, "null", ""),
        *("http://localhost", "http://127.0.0.1"),
    ],
)
def test_a_page_of_another_origin_opens_the_websocket(app: Starlette, cookie: dict[str, str], origin: str) -> None:
    assert websocket(app, STREAM, cookie | {"origin": origin}) == REFUSED
    assert websocket(app, STREAM, cookie | {"origin": f"http://{HOST}"}) == OPENED


def test_a_page_over_http_opens_the_websocket_of_one_over_https(app: Starlette, cookie: dict[str, str]) -> None:
    strict = {"cookie": STRICT + cookie["cookie"]}
    assert websocket(app, STREAM, strict | HTTPS | {"origin": f"http://{HOST}"}) == REFUSED
    for said in ("https", "wss", "HTTPS", "https, http"):
        ours = {"origin": f"https://{HOST}", "x-forwarded-proto": said}
        assert websocket(app, STREAM, strict | ours) == OPENED


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything else"])
def test_a_page_of_another_site_starts_a_class(app: Starlette, cookie: dict[str, str], site: str) -> None:
    led = get(app, "/host", cookie | {"sec-fetch-site": site}, "id=1")
    assert (led.status, led.header("location")) == (403, "")
    assert fault(led).startswith("Another site has sent you here.")
    for own in ({"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}, {}):
        assert get(app, "/host", cookie | own, "id=1").status == 409  # there is no such class


@pytest.mark.parametrize("path", ["/login", "/logout", "/language", f"/invite/{'x' * 43}"])
def test_a_form_of_another_site(app: Starlette, cookie: dict[str, str], path: str) -> None:
    for origin in ("https://evil.example", f"https://{HOST}", "null"):
        assert post(app, path, {}, headers=cookie | {"origin": origin}).status == 403
    assert get(app, "/", cookie).text == BEHIND


def test_the_dashboard_in_a_frame_a_popup_or_an_image_of_another_site(app: Starlette, cookie: dict[str, str]) -> None:
    answer = get(app, "/", cookie)
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("cross-origin-opener-policy") == "same-origin"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert answer.header("access-control-allow-origin") == ""


def test_a_script_that_somebody_has_got_into_a_page() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_policy().split("; "))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'wasm-unsafe-eval'( 'sha256-[\w+/]{43}='){2}", rules["script-src"])
    assert "data:" not in rules["worker-src"]
    assert {rules[name] for name in ("connect-src", "form-action", "manifest-src")} == {"'self'"}
    assert not re.search(r"https?:|\*|(?<!wasm-)unsafe-eval", content_policy())


# Whoever shares the computer, the network or the domain


def kept(answer: Answer) -> str:
    return answer.header("cache-control")


def test_the_cache_of_a_shared_computer(app: Starlette, cookie: dict[str, str]) -> None:
    paths = ("/", "/class", "/media/abc.csv", "/_stcore/host-config", "/staticx", "/host", "/nothing")
    assert {kept(get(app, path, cookie)) for path in paths} == {"no-store"}
    assert {kept(answer) for answer in (get(app, "/"), get(app, "/login"), log_in(app))} == {"no-store"}
    assert kept(get(app, "/static/js/index.js", cookie)) == ""  # as Streamlit says of its own files
    assert kept(get(app, "/static/js/index.js")) == "no-store"


def test_a_cookie_that_a_neighbour_domain_has_planted(app: Starlette, cookie: dict[str, str]) -> None:
    planted, hers = cookie["cookie"], log_in(app).cookies[COOKIE].value
    assert get(app, "/", {"cookie": planted} | HTTPS).status == 303
    assert get(app, "/", {"cookie": STRICT + planted}).status == 303
    for both in (f"{planted}; {STRICT}{COOKIE}=worthless", f"{STRICT}{COOKIE}=worthless;{planted}"):
        assert get(app, "/", {"cookie": both} | HTTPS).status == 303
    for both in (f"{COOKIE}=worthless; {STRICT}{COOKIE}={hers}", f"{STRICT}{COOKIE}={hers};{COOKIE}=worthless"):
        assert get(app, "/", {"cookie": both} | HTTPS).text == BEHIND


def test_a_cookie_over_https_read_or_replaced_over_http(app: Starlette, ana: Member) -> None:
    cookies = log_in(app, headers=HTTPS).cookies
    assert set(cookies) == {STRICT + COOKIE, STRICT + BROWSER_COOKIE}
    assert {(one["secure"], one["path"], one["domain"]) for one in cookies.values()} == {(True, "/", "")}
    strict = {"cookie": f"{STRICT}{COOKIE}={cookies[STRICT + COOKIE].value}"}
    assert get(app, "/", strict | HTTPS).text == BEHIND
    left = post(app, "/logout", {}, headers=strict | HTTPS)
    assert (left.cookie.key, left.cookie["max-age"], left.cookie["secure"]) == (STRICT + COOKIE, "0", True)
    assert get(app, "/", strict | HTTPS).status == 303


def test_a_cookie_of_streamlits_over_http() -> None:
    raw = [(b"set-cookie", b"_streamlit_xsrf=1; Path=/"), (b"set-cookie", b"ours=1; Path=/; Secure")]
    headers = MutableHeaders(raw=raw)
    harden(headers, "/", 200, https=True)
    assert headers.getlist("set-cookie") == ["_streamlit_xsrf=1; Path=/; Secure", "ours=1; Path=/; Secure"]


def test_the_way_from_https_back_to_http(app: Starlette) -> None:
    assert get(app, "/login", HTTPS).header("strict-transport-security") == "max-age=31536000"
    assert get(app, "/login").header("strict-transport-security") == ""


def test_forms_that_are_broken_off_again_and_again_fill_the_log() -> None:
    pieces = [{"type": "http.request", "body": b"email=", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return pieces.pop(0)

    assert asyncio.run(forms.fields(Request({"type": "http", "headers": []}, receive))) is None


def test_requests_that_make_no_sense_fill_the_log() -> None:
    def told(name: str, level: int) -> bool:
        return wiring._is_to_be_told(logging.makeLogRecord({"name": name, "levelno": level}))

    assert not told("uvicorn.error", logging.WARNING)
    assert told("uvicorn.error", logging.ERROR)
    assert told("streamlit.x", logging.WARNING)
    assert told("tracker.auth.sign_ins", logging.INFO)


def test_a_dashboard_that_is_started_by_streamlit_itself_listens_to_everybody() -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["address"] == "127.0.0.1"


# What nobody needs


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_stcore/upload_file/session/file"),
        ("POST", "/_stcore/upload_file/session/file"),
        ("OPTIONS", "/_stcore/upload_file/session/file"),
        ("PUT", "/_stcore/upload_file/session"),
        ("PUT", "/_stcore/upload_file/session/file/more"),
        ("PUT", "/_stcore/upload_file/../x/file"),
        ("PUT", "/_stcore/upload_file/session/a%00b"),
        ("GET", "/_stcore/metrics"),
        ("GET", "/_stcore/script-health-check"),
        ("GET", "/_stcore/bidi-components/x/y.js"),
        ("GET", "/_stcore/agent/openapi.json"),
        ("POST", "/_stcore/agent/mcp"),
        ("GET", "/_stcore/stream/"),
        ("GET", "/component/x/index.html"),
        ("GET", "/auth/login"),
        ("GET", "/oauth2callback"),
        ("GET", "/app/static/x"),
    ],
)
def test_something_that_no_page_asks_for(app: Starlette, cookie: dict[str, str], method: str, path: str) -> None:
    answer = request(app, method, path, headers=cookie, body=[b"x" * 100_000] * 3)
    assert (answer.status, answer.text) == (404, "There is nothing at this address.")
    shown = request(app, method, path, headers=cookie | PAGE)
    assert (shown.status, fault(shown)) == (404, "There is nothing at this address.")
    assert request(app, method, path).status == 401
    assert websocket(app, path, cookie) == REFUSED


def test_files_are_asked_for_by_few_panels_and_no_page_asks_for_anything_else() -> None:
    asking = {"file_uploader", "camera_input", "audio_input", "chat_input"}
    sources = [*(PROJECT / "tracker" / "ui").glob("*.py"), *(PROJECT / "pages").glob("*.py"), PROJECT / "dashboard.py"]
    used = {
        (path.name, node.attr)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in asking
    }
    assert used == {("report_panel.py", "file_uploader"), ("roster_panel.py", "file_uploader")}


# Files that are given

UPLOAD = "/_stcore/upload_file/session-1/file-1"
FILE = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n',
    b"Name\r\nBo\r\n--x--\r\n",
)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_file_of_somebody_who_is_not_signed_in(app: Starlette, cookie: dict[str, str], method: str) -> None:
    assert request(app, method, UPLOAD, body=FILE).status == 401
    assert request(app, method, UPLOAD, headers={"cookie": f"{COOKIE}=made-up"}, body=FILE).status == 401
    assert request(app, method, UPLOAD, headers=cookie, body=FILE).status == 405  # behind the gate, where nothing is


@pytest.mark.parametrize("origin", ["https://evil.example", f"http://x.{HOST}", "null", ""])
def test_a_file_that_a_page_of_another_site_sends(app: Starlette, cookie: dict[str, str], origin: str) -> None:
    for method in ("PUT", "DELETE"):
        refused = request(app, method, UPLOAD, headers=cookie | {"origin": origin}, body=FILE)
        assert (refused.status, refused.text) == (403, sentence("form_from_elsewhere"))


class Streamlits:
    """Streamlit's own server of files, as it is configured here, with one tab that is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text("utf-8"))
        self.largest = said["server"]["maxUploadSize"]
        assert "enableXsrfProtection" not in said["server"]  # it is on where nothing is said
        self.files = MemoryUploadedFileManager("/_stcore/upload_file")
        self.uploaded_file_mgr = self.files
        monkeypatch.setattr(uploads, "exists", lambda: True)
        monkeypatch.setattr(uploads, "get_instance", lambda: self)
        real = config.get_option
        monkeypatch.setattr(
            config, "get_option", lambda name: self.largest if name == "server.maxUploadSize" else real(name)
        )
        routes = starlette_routes.create_upload_routes(self, self.files, None)  # type: ignore[arg-type]
        self.app = Starlette(routes=routes, middleware=[Middleware(Gate)])
        token = starlette_app_utils.generate_xsrf_token_string()
        self.token = {"cookie": f"_streamlit_xsrf={token}", "x-xsrftoken": token}

    def is_active_session(self, session_id: str) -> bool:
        return session_id == "session-1"

    def put(self, cookie: dict[str, str], path: str = UPLOAD, body: Any = FILE, **headers: str) -> Answer:
        both = f"{cookie['cookie']}; {self.token['cookie']}"
        sent = {"content-type": "multipart/form-data; boundary=x", "x-xsrftoken": self.token["x-xsrftoken"]}
        return request(self.app, "PUT", path, headers=sent | {"cookie": both} | headers, body=body)

    def kept(self) -> list[str]:
        return [file.file_id for session in self.files.file_storage.values() for file in session.values()]


@pytest.fixture
def streamlits(wired: object, monkeypatch: pytest.MonkeyPatch) -> Streamlits:
    return Streamlits(monkeypatch)


def test_a_file_without_streamlits_token_or_for_a_tab_that_is_not_open(
    streamlits: Streamlits, cookie: dict[str, str]
) -> None:
    assert streamlits.put(cookie, **{"x-xsrftoken": "made-up"}).status == 403
    assert streamlits.put(cookie, "/_stcore/upload_file/another/file-1").status == 400
    assert streamlits.kept() == []
    assert streamlits.put(cookie).status == 204
    assert streamlits.kept() == ["file-1"]


def test_a_file_that_is_too_large_said_or_not(streamlits: Streamlits, cookie: dict[str, str]) -> None:
    assert LARGEST_FILE <= streamlits.largest * 1024 * 1024 < 2 * LARGEST_FILE
    said = {"content-length": str(10 * LARGEST_FILE)}
    assert streamlits.put(cookie, **said).status == 413
    assert streamlits.put(cookie, body=[FILE[0], *[b"x" * 1_000_000] * 12, FILE[1]]).status == 413
    assert streamlits.kept() == []


def test_many_files_of_one_tab_to_fill_the_memory(streamlits: Streamlits, cookie: dict[str, str]) -> None:
    for number in range(uploads.MOST_FILES + 2):
        assert streamlits.put(cookie, f"/_stcore/upload_file/session-1/file-{number}").status == 204
    assert streamlits.kept() == [f"file-{number}" for number in range(2, uploads.MOST_FILES + 2)]
    large = [FILE[0], *[b"x" * 1_000_000] * 4, FILE[1]]
    for number in range(20):
        assert streamlits.put(cookie, f"/_stcore/upload_file/session-1/large-{number}", body=large).status == 204
    kept = [file for session in streamlits.files.file_storage.values() for file in session.values()]
    assert len(kept) > 2
    assert sum(len(file.data) for file in kept) <= uploads.MOST_BYTES


def test_a_file_is_written_to_no_disk(
    streamlits: Streamlits, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: written.append(file))
    assert streamlits.put(cookie, body=[FILE[0], *[b"x" * 1_000_000] * 4, FILE[1]]).status == 204
    assert written == []


# Floods


def test_a_flood_of_websockets_and_requests_from_one_address(
    app: Starlette, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_OF_ADDRESS", 0)
    answer = get(app, "/login")
    assert (answer.status, answer.header("retry-after")) == (429, "5")
    assert answer.header("content-security-policy") == content_policy()
    assert websocket(app, STREAM, cookie) == REFUSED
    # A web server of the school's comes for everybody.
    assert request(app, "GET", "/login", address="127.0.0.1").status == 200


def test_a_flood_leaves_the_places_of_others_and_gives_its_own_back() -> None:
    places, flood = Places(), ExitStack()
    for number in range(MOST_OF_ADDRESS):
        assert flood.enter_context(places.one(f"2001:db8::{number:x}", "10.0.0.0/8"))
    with places.one("2001:db8::ffff", "10.0.0.0/8") as one_more, places.one("2001:db8:0:1::1", "") as another:
        assert (one_more, another) == (False, True)
    with places.one("2001:db8::ffff", "2001:db8::/64") as proxy:
        assert proxy
    flood.close()
    with places.one("2001:db8::ffff", "10.0.0.0/8") as again:
        assert again
