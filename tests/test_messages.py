"""Sentences are made of codes where they are shown; nothing stores, compares or counts a sentence."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from string import Formatter

import pytest

from tests.test_house import SOURCES, imports_of, named, tree_of
from tracker import errors, messages
from tracker.errors import NoMeeting, Problem, SettingsError, TrackerError, WebhookRefused, ZoomUnreachable
from tracker.messages import SENTENCES, WITHOUT_DETAILS, name_of_check, sentence, sentence_of
from tracker.messages.details import Plural, Template
from tracker.zoom.meeting_link import MeetingLinkError

OURS = [path for path in SOURCES if not named(path).startswith(("tracker/practice/", "tracker/messages/"))]
ERRORS = {
    kind.__name__: kind
    for kind in (*vars(errors).values(), MeetingLinkError)
    if isinstance(kind, type) and issubclass(kind, TrackerError)
}
# What an error takes besides the details of its sentence.
NO_DETAILS = {"retry_at"}
# What decides, stores or counts; a person never reads it.
WITHOUT_WORDS = ("tracker/storage/", "tracker/fetching.py", "tracker/sessions.py", "tracker/reconcile.py")
WITHOUT_WORDS += ("tracker/retry.py", "tracker/health/", "tracker/zoom/", "tracker/attendance/")


def names_in(template: Template) -> set[str]:
    """The details that a sentence names."""
    if isinstance(template, Plural):
        return {template.by} | names_in(template.one) | names_in(template.several)
    return {name for _, name, _, _ in Formatter().parse(template) if name}


# Sentences


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        ("zoom_no_answer", {}, "Zoom did not answer in time."),
        ("zoom_unavailable", {"status": 502}, "Zoom has a fault of its own (HTTP 502)."),
        ("zoom_not_allowed", {"message": "{status} %s {"}, "Zoom does not allow this for the app: {status} %s {"),
        ("zoom_unavailable", {}, "Zoom has a fault of its own (HTTP …)."),
        ("zoom_unavailable", {"other": "x"}, "Zoom has a fault of its own (HTTP …)."),
        ("missing_field", {"field": "uuid"}, "The event lacks its uuid."),
        ("missing_field", {}, "The event lacks a field."),
        ("settings", {"faults": "as another program wrote it"}, "as another program wrote it"),
        ("settings", {}, "The settings need attention"),
        ("of_another_version", {"status": 1}, "of_another_version"),
        ("What another program wrote: {x}.", {}, "What another program wrote: {x}."),
        ("", {}, ""),
    ],
)
def test_every_code_and_details_make_a_sentence(code: str, details: dict[str, str | int], expected: str) -> None:
    assert expected in sentence(code, details)


def test_problems_inside_a_problem_are_told_one_after_another() -> None:
    faults = (Problem("setting_no_address", {"name": "A"}), Problem("setting_file_unreadable", {"name": "B"}))
    told = "The settings need attention: A must be an http or https address; the file that B_FILE names cannot be read."
    assert str(SettingsError(faults)) == told
    refused = tuple(Problem("webhooks_refused", {"count": n, "reason": (Problem("not_json"),)}) for n in (1, 2))
    told = "The last one came: now. Refused today 1 ×: The body is not JSON. Refused today 2 ×: The body is not JSON."
    assert sentence("webhooks_last", {"moment": "now", "refused": refused}) == told
    assert sentence("webhooks_last", {"moment": "now", "refused": ()}) == "The last one came: now."


def test_an_error_is_told_by_its_code_or_by_its_kind() -> None:
    assert (NoMeeting().kind, NoMeeting().code) == ("no_zoom_meeting_id", "no_zoom_meeting_id")
    error = ZoomUnreachable("zoom_unavailable", status=502)
    assert (error.kind, error.code, error.details) == ("zoom_api_error", "zoom_unavailable", {"status": 502})
    assert str(error) == sentence_of(error) == sentence_of(error.problem)


def test_a_check_is_named_with_its_subject() -> None:
    assert name_of_check("webhook_secret") == "webhook secret"
    assert name_of_check("scope:meeting:read:meeting:admin") == "scope meeting:read:meeting:admin"


# Every code that is used has its sentence, and every sentence is used


def calls(names: Iterable[str]) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call of one of these: where, which, and the call."""
    for path in OURS:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{named(path)}:{node.lineno}", node.func.id, node


def texts(node: ast.expr | None) -> list[str]:
    """The texts that an expression may be, as far as they are written there."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def details_of(kind: str, call: ast.Call) -> set[str]:
    """The names of the details that are given in a call."""
    if kind in ERRORS:
        return {keyword.arg or "" for keyword in call.keywords} - NO_DETAILS
    given = call.args[1] if len(call.args) > 1 else None
    return {text for key in given.keys for text in texts(key)} if isinstance(given, ast.Dict) else set()


def wrong_codes() -> Iterator[tuple[str, str]]:
    for where, kind, call in calls({*ERRORS, "Problem", "sentence"}):
        if kind == "SettingsError":
            continue
        codes = texts(call.args[0]) if call.args else [ERRORS[kind].kind]
        for code in codes:
            if code not in SENTENCES or names_in(SENTENCES[code]) != details_of(kind, call):
                yield where, code


def test_each_code_has_a_sentence_that_names_the_details_given() -> None:
    assert len(list(calls({*ERRORS, "Problem"}))) > 100
    assert list(wrong_codes()) == []


def test_no_code_has_two_sentences() -> None:
    assert [code for code, times in Counter(chain.from_iterable(messages.TABLES)).items() if times > 1] == []


def test_every_sentence_is_used() -> None:
    used = {
        node.value
        for path in OURS
        if "migrations" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    checks = {f"check_{word}" for word in used} | {"check_scope", "check_condition"}
    checks |= {f"cure_{word}" for word in used}
    # The code of failures from before there were codes: only the migration writes it.
    assert set(SENTENCES) - used - checks == {"earlier_error"}
    assert set(WITHOUT_DETAILS) <= set(SENTENCES)


# No sentence is compared


def is_sentence(text: str) -> bool:
    return re.search(r"\S \S", text) is not None and re.search(r"[A-Z.]", text) is not None


def constants() -> Mapping[str, str]:
    """Every text that a module gives a name to, by that name."""
    return {
        target.id: text
        for path in OURS
        for node in tree_of(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        for text in texts(node.value)
    }


def texts_compared(tree: ast.AST, known: Mapping[str, str]) -> Iterator[str]:
    """The texts that something is compared with, those behind a name of a module too."""
    asking = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "index", "find", "count"}
    for node in ast.walk(tree):
        sides: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asking:
            sides = list(node.args)
        for side in sides:
            for part in ast.walk(side):
                name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value
                elif name in known:
                    yield known[name]


@pytest.mark.parametrize(
    "source",
    [
        'x == "Zoom has no list."',
        'x != f"Zoom has {n} lists."',
        'x in ("a", "Not yet.")',
        '"Zoom is" in x',
        'x.startswith("The signature")',
        "x == errors.NO_LIST",
        "x in (NO_LIST, 1)",
        'match x:\n    case "Zoom is away.":\n        pass',
    ],
)
def test_a_sentence_that_is_compared_is_found(source: str) -> None:
    found = texts_compared(ast.parse(source), {"NO_LIST": "Zoom has no list."})
    assert any(is_sentence(text) for text in found)


@pytest.mark.parametrize("source", ['x == "no_list"', 'log.info("Zoom is away.")', 'x = "Zoom."', 'x in ("a b", "c")'])
def test_what_is_no_comparison_with_a_sentence_is_none(source: str) -> None:
    assert not any(is_sentence(text) for text in texts_compared(ast.parse(source), {}))


def test_no_sentence_is_compared() -> None:
    known = constants()
    assert known["REFUSED"] == "refused:"
    offenders = [
        (named(path), text) for path in OURS for text in texts_compared(tree_of(path), known) if is_sentence(text)
    ]
    assert offenders == []


def test_what_stores_and_decides_makes_no_sentence() -> None:
    silent = [path for path in OURS if named(path).startswith(WITHOUT_WORDS)]
    assert len(silent) > 20
    offenders = [named(path) for path in silent for name in imports_of(path) if name.startswith(messages.__name__)]
    assert offenders == []


def texts_written(tree: ast.Module) -> Iterator[str]:
    """Every text in a file but docstrings; what a format fills in is left out."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_every_sentence_of_an_error_is_in_the_one_table() -> None:
    for_the_eye = (
        "tracker/ui/",
        "tracker/news/",
        "pages/",
        "dashboard.py",
        "tracker/cli/",
        "tracker/run.py",
        "tracker/demo.py",
        "tracker/sample_term.py",
    )
    frozen = "tracker/storage/migrations/"
    offenders = [
        (named(path), text)
        for path in OURS
        if not named(path).startswith((*for_the_eye, frozen))
        for text in texts_written(tree_of(path))
        if re.fullmatch(r"[A-Z“…].*\S \S.*[.?!]", text, re.DOTALL)
    ]
    assert offenders == []


def test_a_refused_webhook_keeps_its_status_apart_from_its_details() -> None:
    error = WebhookRefused("missing_field", 400, field="id")
    assert (error.status, error.details) == (400, {"field": "id"})
