"""The languages of the product: catalogues of translations, and which of them is spoken to whoever is being answered.

A language is one file, `catalogues/<locale>.po`, with gettext messages; English is what stands in the code. Who is
spoken to is said at a door (a page, a route); everything that makes a sentence below asks here. Where nobody has said
so, as in a log, on the command line and in a file for a program, it is English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from tracker.messages.details import Detail, Named

ENGLISH = "en"
# English as most of the world writes times and dates: 24 hours, the day before the month.
USUAL = Locale("en", "GB")
SUFFIX = ".po"
# Of a header that somebody sent, no more than this is looked at.
MOST_WISHES, LONGEST_WISHES = 20, 500

_spoken: ContextVar[Locale] = ContextVar("spoken", default=USUAL)


@cache
def offered() -> tuple[str, ...]:
    """The languages that can be chosen, English first: `en`, `es`, `pt_BR`; those with a catalogue."""
    found = (one.name for one in files(__package__).joinpath("catalogues").iterdir())
    return (ENGLISH, *sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def own_name(language: str) -> str:
    """What a language calls itself: `English`, `español`, `português (Brasil)`."""
    name = Locale.parse(language).get_display_name()
    return f"{name[0].upper()}{name[1:]}" if name else language


def best(*wishes: str | None) -> Locale:
    """The language for somebody, and how she writes times and numbers there: the first wish that can be met.

    A wish is a language as browsers and standards write it (`es-MX`, `pt_BR`), or a whole Accept-Language header
    (RFC 9110, 12.5.4). Where none can be met it is English. The country is the first that any wish names.
    """
    wanted = [locale for wish in wishes if wish for tag in _tags(wish) if (locale := _locale(tag))]
    known = {Locale.parse(one).language: one for one in offered()}
    language = next((known[one.language] for one in wanted if one.language in known), ENGLISH)
    spoken_there = Locale.parse(language).language
    if territory := next((one.territory for one in wanted if one.territory), None):
        tag = f"{spoken_there}_{territory}"
        if tag in locale_identifiers():
            return Locale.parse(tag)
    asked_for = any(one.language == ENGLISH for one in wanted)
    return USUAL if language == ENGLISH and (territory or not asked_for) else Locale.parse(language)


@cache
def language_of(locale: Locale) -> str:
    """The catalogue for a locale: one of `offered()`."""
    return next((one for one in offered() if Locale.parse(one).language == locale.language), ENGLISH)


def speak(locale: Locale) -> None:
    """From here on this thread, or task, makes its sentences for somebody with this locale."""
    _spoken.set(locale)


@contextmanager
def speaking(locale: Locale) -> Iterator[None]:
    """The same for a block."""
    token = _spoken.set(locale)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Locale:
    """The locale of whoever is being answered."""
    return _spoken.get()


def html_lang() -> str:
    """The language that is spoken, as HTML's `lang` has it (BCP 47): `pt-BR`."""
    return language_of(spoken()).replace("_", "-")


def gettext(message: str, /, **details: Detail) -> str:
    """The message in the language that is spoken, with its details put in.

    Never fails: a detail that is missing is shown as "…". Imported as `_`.
    """
    return gettext_template(message).format_map(Named(details))


def ngettext(one: str, several: str, count: int, /, **details: Detail) -> str:
    """The message for so many things; `{number}` in it is the count as it is written there: `1,234`."""
    number = format_decimal(count, "#,##0", locale=spoken())
    return ngettext_template(one, several, count).format_map(Named({"number": number} | details))


def marked(message: str) -> str:
    """The message as it stands: a constant for the catalogues to find, which `gettext` makes the text of when shown."""
    return message


def gettext_template(message: str) -> str:
    """The message in the language that is spoken, with its braces."""
    return _catalogue(language_of(spoken())).gettext(message) if message else ""


def ngettext_template(one: str, several: str, count: int) -> str:
    """The message for so many things, with its braces."""
    return _catalogue(language_of(spoken())).ngettext(one, several, count)


@cache
def _catalogue(language: str) -> Translations:
    """The catalogue as it is asked; of English, an empty one."""
    if language == ENGLISH:
        return Translations()
    with files(__package__).joinpath("catalogues", f"{language}{SUFFIX}").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _tags(wish: str) -> list[str]:
    """The languages of a header, the best one first; a single language is such a header too."""
    rated = []
    for place, part in enumerate(wish[:LONGEST_WISHES].split(",")[:MOST_WISHES]):
        tag, *more = (piece.strip() for piece in part.split(";"))
        quality = next((piece.removeprefix("q=") for piece in more if piece.startswith("q=")), "1")
        try:
            rated.append((-float(quality), place, tag))
        except ValueError:
            continue
    return [tag for quality, _place, tag in sorted(rated) if quality < 0]


def _locale(tag: str) -> Locale | None:
    """The locale of a tag; one with a country that nobody knows is that of its language."""
    for one in (tag, tag.replace("_", "-").split("-")[0]):
        try:
            return Locale.parse(one.replace("-", "_"))
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return None
