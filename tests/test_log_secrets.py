"""No line of the log has a secret, however it comes into one."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.log_lines import Silent, a_line, shown
from tests.makers import CLIENT_SECRET, WEBHOOK_SECRET, settings
from tracker.settings import Settings, secrets_of

# Not the sign that masks are made of; long enough not to be found in every word.
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=6, max_size=30).filter(str.strip)


@st.composite
def schools(draw: st.DrawFn) -> Settings:
    password = draw(SECRETS)
    return Settings(
        database_url=f"postgresql://tracker:{quote(password, safe='')}@db.example/x",
        data_dir=Path("data"),
        zoom_client_secret=draw(SECRETS),
        zoom_webhook_secret=draw(SECRETS),
        cron_secret=draw(SECRETS),
    )


@given(schools(), st.data())
@pytest.mark.slow
def test_no_secret_is_ever_in_a_line(school: Settings, data: st.DataObject) -> None:
    secrets = secrets_of(school)
    assert {school.zoom_client_secret, school.cron_secret, school.database_url} <= secrets
    texts = st.lists(st.text(max_size=8) | st.sampled_from(sorted(secrets)), max_size=4).map("".join)
    values = (
        texts
        | st.binary(max_size=8)
        | st.integers()
        | st.floats()
        | st.none()
        | texts.map(lambda value: value.encode("utf-8", "replace"))
    )
    values = st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=4)
    message = data.draw(texts | st.sampled_from(["%s", "%r", "%d %s", "%(a)s", "100 %"]))
    arguments = data.draw(st.lists(values, max_size=2))
    more = {f"x{name}": value for name, value in data.draw(st.dictionaries(texts, values, max_size=3)).items()}
    error = data.draw(
        st.none() | st.builds(data.draw(st.sampled_from([RuntimeError, KeyError, OSError, Silent])), values)
    )
    if error is not None:
        error.__cause__ = data.draw(st.none() | st.builds(RuntimeError, texts))
    for as_json in (True, False):
        line = a_line(message, *arguments, as_json=as_json, hidden=school, error=error, **more)
        assert line.isprintable()
        if as_json:
            found = list(strings(json.loads(line, parse_constant=pytest.fail)))
            assert {"time", "level", "logger", "message"} <= set(found)
            line = "\n".join(piece for piece in found if piece not in FIXED)
        assert [secret for secret in secrets if secret in line] == []


FIXED = {"time", "level", "logger", "message", "error", "type", "frames"}


def strings(value: object) -> Iterator[str]:
    """Every text in a JSON value, names too."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from strings(below)
    else:
        yield str(value)


def test_the_ways_in_which_others_write_a_secret_are_masked_too() -> None:
    secret = "a\"b'c\\d/é\n1"
    school = settings(CRON_SECRET=secret)
    for way in (
        secret,
        repr(secret),
        json.dumps(secret),
        quote(secret, safe=""),
        str(secret.encode()),
        {"x": [secret]},
    ):
        seen = json.loads(a_line("%s", way, hidden=school))["message"]
        assert "***" in seen
        assert "d" not in seen.replace("***", "")


def test_an_address_without_a_password_and_a_short_password_hide_nothing_else() -> None:
    assert secrets_of(settings(DATABASE_URL="postgresql://tracker:abc@db/x")) == {
        *("postgresql://tracker:abc@db/x", CLIENT_SECRET, WEBHOOK_SECRET)
    }
    address = "sqlite:///tracker.sqlite3"
    assert secrets_of(settings(DATABASE_URL=address)) == {address, CLIENT_SECRET, WEBHOOK_SECRET}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("asked with Bearer abc.def-123, refused", "asked with Bearer ***, refused"),
        ("Authorization: Basic Y2xpZW50OnNlY3JldA==", "Authorization: ***"),
        ("{'Authorization': 'Bearer abc', 'Accept': '*/*'}", "{'Authorization': ***, 'Accept': '*/*'}"),
        ("[(b'cookie', b'tracker_session=abc; a=\"b\"'), (b'x', b'y')]", "[(b'cookie', ***), (b'x', b'y')]"),
        ('Set-Cookie: a="b"; c=d', "Set-Cookie: ***"),
        ("sent Basic Y2xpZW50OnNlY3JldA== there", "sent Basic *** there"),
        ("https://zoom.us/s/85011112222?zak=eyJ.x_y&a=b", "https://zoom.us/s/85011112222?zak=***&a=b"),
        ("https://zoom.us/j/85011112222?pwd=Zk4x.1 and more", "https://zoom.us/j/85011112222?pwd=*** and more"),
        ('{"access_token": "ey J", "expires_in": 3599}', '{"access_token": ***, "expires_in": 3599}'),
        ("{'cronSecret': 'abc'}", "{'cronSecret': ***}"),
        ("tracker_session=abc; other=1", "tracker_session=***; other=1"),
        ("the token eyJzdiI6.eyJhdWQi.x-_y ended", "the token *** ended"),
        ("postgresql://tracker:p@ss@db.example/x failed", "postgresql://tracker:***@db.example/x failed"),
        ("User does not exist: maria.keller+x@school.example.", "User does not exist: ***"),
        ("/v2/users/maria%40school.example/meetings", "/v2/users/***/meetings"),
        ('Key (email)=(ana@school.example), "Ünïcode@exämple.org"', 'Key (email)=(***), "***"'),
        ("classes @ 10:00, 2 of 3", "classes @ 10:00, 2 of 3"),
        ("the token expired, the cookie is old, a basic rule", "the token expired, the cookie is old, a basic rule"),
    ],
)
def test_what_looks_like_a_secret_or_an_address_is_masked(given: str, seen: str) -> None:
    assert shown(given) == seen


@pytest.mark.slow
def test_long_texts_are_masked_in_a_moment() -> None:
    begun = time.monotonic()
    for piece in ("a", "a-", "a.", "a@", "%40", "token ", "://a:", "cookie", "'\"", "\n"):
        shown(piece * (50_000 // len(piece)))
    assert time.monotonic() - begun < 20
