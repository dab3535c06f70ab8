"""The messages of the code and those of the catalogues: `python -m tests.catalogues` brings the catalogues up to date.

A new message gets an empty translation, one that the code does not have any more is dropped, and the rest stays.
A new language is made by an empty file `tracker/messages/catalogues/<locale>.po` and this command.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.core import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from tracker import messages
from tracker.messages.details import Plural

PROJECT = Path(__file__).resolve().parent.parent
HEADER = "# Translations of the attendance dashboard."
CATALOGUES = PROJECT / "tracker" / "messages" / "catalogues"
# Calls whose first texts are a message, and how many: of `languages`, and the titles that `tracker.ui.page` takes.
TEXTS = {"_": 1, "_n": 2, "gettext": 1, "ngettext": 2, "marked": 1, "gate": 1, "dialog": 1}
CHANGING = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):.*\n', re.MULTILINE
)
# Blanks at the ends, tags and references of HTML, code in Markdown.
EDGES = re.compile(r"^\s*|\s*$")
HTML = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s+[\w-]+=[^<>]*)?/?>|&#?\w+;")
CODE = re.compile(r"`[^`]*`")
# What says how many: the form for one alone may say it by a word, or not at all.
COUNTS = {"number"} | {template.by for template in messages.templates() if isinstance(template, Plural)}
Message = str | tuple[str, ...]


def sources() -> list[Path]:
    """Every file with messages in it."""
    return sorted([*(PROJECT / "tracker").rglob("*.py"), PROJECT / "dashboard.py", *(PROJECT / "pages").glob("*.py")])


def messages_in(source: str) -> Iterator[Message]:
    """The messages of a file: Babel's own extraction leaves out those in the braces of an f-string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := _name_of(node.func)) in TEXTS:
            texts = [one.value for one in node.args[: TEXTS[name]] if isinstance(one, ast.Constant)]
            if len(texts) == TEXTS[name] and all(texts):
                yield texts[0] if len(texts) == 1 else tuple(texts)


def _name_of(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


@cache
def messages_of_code() -> dict[Message, set[str]]:
    """Every message, one with a plural as a pair, and the files that it is in."""
    found: dict[Message, set[str]] = {}
    for path in sources():
        where = path.relative_to(PROJECT).as_posix()
        for message in messages_in(path.read_text("utf-8")):
            found.setdefault(message, set()).add(where)
    for template in messages.templates():
        message = (template.one, template.several) if isinstance(template, Plural) else template
        found.setdefault(message, set()).add("tracker/messages/__init__.py")
    return found


def read_catalogue(path: Path) -> Catalog:
    """The catalogue of a file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def brought_up_to_date(path: Path) -> Catalog:
    """The catalogue of a file with exactly the messages of the code, and the translations that it has for them."""
    old = read_catalogue(path)
    new = Catalog(path.stem, project="Class attendance", version="", fuzzy=False, header_comment=HEADER)
    translated = {message.id: message.string for message in old if message.id}
    for message, files in sorted(messages_of_code().items(), key=lambda one: (sorted(one[1])[0], str(one[0]))):
        new.add(message, translated.get(message), locations=[(file, 0) for file in sorted(files)])
    return new


def languages() -> Iterator[Path]:
    """The files of the catalogues."""
    return iter(sorted(CATALOGUES.glob("*.po")))


def text_of(catalogue: Catalog) -> bytes:
    """A catalogue as its file is written: without dates, which change with everything."""
    out = BytesIO()
    write_po(out, catalogue, width=110, include_lineno=False)
    return CHANGING.sub(b"", out.getvalue())


def missing_in(catalogue: Catalog) -> list[Message]:
    """The messages that have no translation, or not one for each number."""
    return [one.id for one in catalogue if one.id and not all(one.string if one.pluralizable else [one.string])]


def faults_of(catalogue: Catalog) -> list[str]:
    """What is wrong with the translations of a catalogue, a line each, those that are missing left out.

    The first form of a plural may leave out the number where it is for one alone, and not for zero too.
    """
    one_alone = Locale.parse(str(catalogue.locale)).plural_form(0) != "one"
    found = []
    for one in (entry for entry in catalogue if entry.id):
        english = list(one.id) if one.pluralizable else [one.id]
        for number, text in enumerate(one.string if one.pluralizable else [one.string]):
            names = [set(_holes(form)) for form in english]
            needed = names[-1] if number else set.intersection(*names)
            if number == 0 and one.pluralizable and one_alone:
                needed -= COUNTS
            fuzzy = ["fuzzy"] if one.fuzzy else []
            wrong = [*fuzzy, *_faults(english, text, needed, set.union(*names))] if text else fuzzy
            found += [f"{fault}: {text!r}, of {one.id!r}" for fault in wrong]
    return found


def _faults(english: list[str], text: str, needed: set[str], possible: set[str]) -> Iterator[str]:
    try:
        has = set(_holes(text))
    except ValueError:
        yield "a brace too many or too few"
    else:
        if not needed <= has <= possible:
            yield "other names in braces"
    if EDGES.findall(english[-1]) != EDGES.findall(text):
        yield "other blanks at an end"
    if set(HTML.findall(text)) - set(HTML.findall(" ".join(english))):
        yield "HTML that the message has not"
    if sorted(CODE.findall(text)) != sorted(CODE.findall(english[-1])):
        yield "other code between backticks"


def _holes(message: str) -> Iterator[str]:
    """The names in braces, each with what follows its colon."""
    return (f"{name}:{form}" if form else name for _, name, form, _ in Formatter().parse(message) if name)


def main() -> None:
    """Brings every catalogue up to date, and says how much of it is missing."""
    for path in languages():
        catalogue = brought_up_to_date(path)
        path.write_bytes(text_of(catalogue))
        print(f"{path.name}: {len(catalogue)} messages, {len(missing_in(catalogue))} without a translation")


if __name__ == "__main__":
    main()
