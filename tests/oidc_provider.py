"""A sign-in provider that speaks OpenID Connect on this machine: discovery, keys, a page to sign in, tokens."""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "attendance", "client-secret-of-the-provider"
ANA: dict[str, Any] = {
    "sub": "subject-ana",
    "email": "ana@school.example",
    "email_verified": True,
    "name": "Ana Lima",
}


class Provider:
    """What it knows and how it errs: `person` signs in, `claims` are said instead of the right ones."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.person: dict[str, Any] = dict(ANA)
        self.claims: dict[str, Any] = {}
        self.key: RSAKey = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})
        self.signed_with: RSAKey | OctKey = self.key
        self.algorithm = "RS256"
        self.faults: list[int] = []
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a dashboard that is registered here."""
        return {"OIDC_ISSUER": self.issuer, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}

    def allow(self, address: str) -> str:
        """The person signs in at this address of the provider; where her browser is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) == {"openid", "email", "profile"}
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer to a code; it is good once, for the client that began, with the verifier of its challenge."""
        query = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            query is None
            or authorization != f"Basic {basic}"
            or form.get("redirect_uri") != query["redirect_uri"]
            or challenge.decode().rstrip("=") != query["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        claims = {name: value for name, value in (usual | self.person | self.claims).items() if value is not None}
        header = {"alg": self.algorithm, "kid": "key-1"}
        id_token = jwt.encode(header, claims, self.signed_with, algorithms=[self.algorithm])
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": id_token, "expires_in": 300}

    def get(self, path: str) -> tuple[int, Any]:
        """The answer to a GET: what the provider says of itself, its keys, or the page to sign in."""
        parts = urlsplit(path)
        if parts.path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if parts.path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if parts.path == "/authorize":
            back = html.escape(self.allow(path))
            return 200, f"<h1>The school's sign-in</h1><a href='{back}'>Continue as {self.person['name']}</a>"
        return 404, {}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider that answers on a free port, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*provider.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, content: Any) -> None:
            status = provider.faults.pop(0) if provider.faults else status
            text = content if isinstance(content, str) else json.dumps(content)
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Nothing: what the tests want to know is in the provider."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
