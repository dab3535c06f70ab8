"""The languages: every text is in the catalogues, every catalogue is whole, and what is written goes by the country."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog

from tests import catalogues
from tests.readable import texts_outside
from tests.screens import PROJECT
from tracker.messages import formats, languages, people_in_words
from tracker.messages.languages import best, html_lang, language_of, own_name, speak, speaking, spoken

FILES = sorted(catalogues.languages())
SCREENS = sorted(
    [PROJECT / "dashboard.py", *(PROJECT / "pages").glob("*.py"), *(PROJECT / "tracker" / "ui").rglob("*.py")]
)
AT = datetime(2026, 5, 14, 17, 5, 9, tzinfo=UTC)


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


# The catalogues


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_has_the_messages_of_the_code_and_no_other(path: Path) -> None:
    has = {message.id for message in catalogues.read_catalogue(path) if message.id}
    wanted = set(catalogues.messages_of_code())
    assert sorted(map(str, wanted - has)) == [], "run `python -m tests.catalogues`"
    assert sorted(map(str, has - wanted)) == [], "run `python -m tests.catalogues`"
    assert path.read_bytes() == catalogues.text_of(catalogues.brought_up_to_date(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_message_is_translated(path: Path) -> None:
    assert catalogues.missing_in(catalogues.read_catalogue(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_has_what_its_message_has(path: Path) -> None:
    assert catalogues.faults_of(catalogues.read_catalogue(path)) == []


def catalogue(
    locale: str, *entries: tuple[str | tuple[str, str], str | tuple[str, ...]], fuzzy: bool = False
) -> Catalog:
    made = Catalog(locale, fuzzy=False)
    for message, text in entries:
        made.add(message, text, flags=["fuzzy"] if fuzzy else ())
    return made


CLASSES = ("{number} class of {course}", "{number} classes of {course}")


@pytest.mark.parametrize(
    ("locale", "message", "text", "fault"),
    [
        ("es", "Held {times}.", "{times}", ""),
        ("es", "Held {times}.", "Impartida.", "other names in braces"),
        ("es", "Held {times}.", "Impartida {tiempos}.", "other names in braces"),
        ("es", "Held {times}.", "Impartida {times.", "a brace too many or too few"),
        ("es", "They are: {faults:; }", "Son: {faults}", "other names in braces"),
        ("es", "They are: {faults:; }", "Son: {faults:; }", ""),
        ("es", "Held", " Impartida", "other blanks at an end"),
        ("es", "Held", "Impartida\n", "other blanks at an end"),
        ("es", "Held", "<b>Impartida</b>", "HTML that the message has not"),
        ("es", "Held", "Impartida&nbsp;hoy", "HTML that the message has not"),
        ("es", "Held", "<a href='x'>Impartida</a>", "HTML that the message has not"),
        ("es", "<b>Held</b>", "<b>Impartida</b>", ""),
        ("es", "https://<your address>/x", "https://<su dirección>/x", ""),
        ("es", "Start `tracker up`.", "Inicie `rastreador up`.", "other code between backticks"),
        ("es", CLASSES, ("Una clase de {course}", "{number} clases de {course}", "{number} clases de {course}"), ""),
        ("es", CLASSES, ("Una clase", "{number} clases de {course}", "{number} clases de {course}"), "other names"),
        ("es", CLASSES, ("Una clase de {course}", "{number} clases de {course}", "Clases de {course}"), "other names"),
        # In Brazil the first form is for zero as well.
        ("pt_BR", CLASSES, ("Uma aula de {course}", "{number} aulas de {course}"), "other names in braces"),
        ("pt_BR", CLASSES, ("{number} aula de {course}", "{number} aulas de {course}"), ""),
        ("pt_BR", ("only the host", "only {number} hosts"), ("só o anfitrião", "só {number} anfitriões"), ""),
    ],
)
def test_a_translation_that_lacks_something_or_adds_something_is_found(
    locale: str, message: str | tuple[str, str], text: str | tuple[str, ...], fault: str
) -> None:
    found = catalogues.faults_of(catalogue(locale, (message, text)))
    assert len(found) == bool(fault)
    assert all(one.startswith(fault) for one in found)


def test_a_translation_that_is_missing_or_a_guess_is_found() -> None:
    made = catalogue("es", ("Held", ""), ("Save", "Guardar"), (CLASSES, ("una", "{number} de {course}", "")))
    assert sorted(catalogues.missing_in(made), key=str) == sorted(["Held", CLASSES], key=str)
    assert [one[:5] for one in catalogues.faults_of(catalogue("es", ("Save", "Guardar"), fuzzy=True))] == ["fuzzy"]


def test_a_language_is_added_by_one_file(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "Save"\nmsgstr "Enregistrer"\n\nmsgid "Not there"\nmsgstr "Absent"\n')
    made = catalogues.brought_up_to_date(path)
    assert {one.id for one in made if one.id} == set(catalogues.messages_of_code())
    assert made.get("Not there") is None
    path.write_bytes(catalogues.text_of(made))
    assert path.read_bytes() == catalogues.text_of(catalogues.brought_up_to_date(path))
    assert own_name("fr") == "Français"


# Sentences beside the catalogues


@pytest.mark.parametrize("path", SCREENS, ids=name)
def test_a_page_has_no_text_beside_the_catalogues(path: Path) -> None:
    assert texts_outside(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        'st.title("Classes")',
        'left.button("Save")',
        'st.markdown(f"Held {times}")',
        'st.text_input(_("Title"), placeholder="Algebra")',
        'st.button(_("Save"), help="Tells Zoom")',
        'st.tabs(["People", "Joins"])',
        'st.pills(_("Status"), ["Planned", "Live"])',
        'st.caption("Late" if late else _("Present"))',
        'components.figures([Figure("People", "3")])',
        'Column(heading="Name")',
        'components.empty("📋", "Nothing")',
        'text = "Nothing is planned."',
        'LABELS = {"a": "the whole term"}',
        'status.update(label=f"{number} so far")',
        'st.html("<p>Signed out</p>")',
        "st.html(f\"<button aria-label='Close'>{sign}</button>\")",
        '_("Held " + times)',
        '_(f"Held {times}")',
        '_("Held twice" if twice else "Held once")',
        '_n("one class", f"{number} classes", number)',
        '_("Held {when}", when="in the morning")',
        'st.badge(":material/check: Counted")',
        'raise InvalidInput("This is wrong")',
    ],
)
def test_a_text_beside_the_catalogues_is_found(code: str) -> None:
    assert texts_outside(code)


@pytest.mark.parametrize(
    "code",
    [
        '"""What this module does."""',
        'def f():\n    """What this does."""',
        'st.title(_("Classes"))',
        "st.markdown(f\"**{_('Held')}** · {times}\")",
        '_("Held {when}", when=when)',
        '_n("{number} class", "{number} classes", 3)',
        'START = marked("Start class")',
        'member = page.gate("My account")',
        '@page.dialog("Change class", width="medium")\ndef change(): pass',
        'st.button(_("Save"), type="primary", key="save-class", icon=":material/save:")',
        'st.query_params.get("id", "")',
        'st.session_state["way back"] = 1',
        'log.info("The class %s was saved", found.id)',
        'raise ValueError("This cannot be")',
        'assert found, "it was asked before"',
        "st.html(f\"<dl class='figures wide'>{cells}</dl>\")",
        'style = "color: red; margin: 0 auto"',
        'st.page_link("pages/class.py", label=_("Class"))',
        'st.selectbox(_("Role"), ["teacher", "admin"], format_func=shown)',
        'PATTERN = re.compile(r"one two")',
        'if status == "late, left early": pass',
        'STATUSES["late, left early"]',
        'components.mark("✓", _("present"), "green")',
        'st.date_input(_("From"), None, format="YYYY-MM-DD")',
        'headers["Cache-Control"] = "no-store, max-age=0"',
        'Column(_("E-mail"), look="wide quiet")',
        'st.markdown(_("Start it with {up}.", up="`tracker up`"))',
        'style = ":root{color-scheme:light dark}@media (prefers-color-scheme:dark){:root{color:red}}"',
        'lines = ["PRODID:-//Zoom Participant Tracking//Class//EN"]',
        'joins_panel.table(stays, until, "joins-page")',
        'SHAPES = {"people and joins": marked("people, joins and leaves")}',
        'st.download_button(_("Excel"), data, mime="text/csv; charset=utf-8")',
    ],
)
def test_what_nobody_reads_is_left_alone(code: str) -> None:
    assert texts_outside(code) == []


# Which language


@pytest.mark.parametrize(
    ("wishes", "locale", "language"),
    [
        ((), "en_GB", "en"),
        ((None, ""), "en_GB", "en"),
        (("en-US",), "en_US", "en"),
        (("en",), "en", "en"),
        (("es-MX,es;q=0.9,en;q=0.8",), "es_MX", "es"),
        (("es",), "es", "es"),
        (("pt-BR",), "pt_BR", "pt_BR"),
        (("pt-PT,pt;q=0.9",), "pt_PT", "pt_BR"),
        # No catalogue: the next wish, and the country of the first.
        (("fr-FR,es;q=0.5",), "es", "es"),
        (("de-DE,de;q=0.9",), "en_DE", "en"),
        (("xx-YY,*;q=0.1",), "en_GB", "en"),
        # The worst wish first, as browsers do not write it.
        (("en;q=0.1,es;q=0.9",), "es", "es"),
        (("es;q=0,pt-BR",), "pt_BR", "pt_BR"),
        (("es;q=nonsense,pt-BR",), "pt_BR", "pt_BR"),
        # What was chosen comes before the browser, which still says the country.
        (("es", "en-US,en;q=0.9"), "es_US", "es"),
        (("pt_BR", "es-AR"), "pt_BR", "pt_BR"),
        ((None, "es-419"), "es_419", "es"),
        (("en", "de-DE"), "en_DE", "en"),
        (("\x00;;;,=,;q=", "es"), "es", "es"),
        (("a" * 10_000,), "en_GB", "en"),
    ],
)
def test_somebody_is_spoken_to_in_the_first_language_that_there_is(
    wishes: tuple[str | None, ...], locale: str, language: str
) -> None:
    found = best(*wishes)
    assert (str(found), language_of(found)) == (locale, language)


def test_the_language_of_a_page_is_the_one_that_it_is_written_in() -> None:
    for wish, lang in (("pt-PT", "pt-BR"), ("es-MX", "es"), ("de", "en"), ("en-US", "en")):
        with speaking(best(wish)):
            assert html_lang() == lang


def test_a_language_is_called_what_it_calls_itself() -> None:
    assert [own_name(one) for one in languages.offered()] == ["English", "Español", "Português (Brasil)"]


# How it is written there

EVERYWHERE = ("en_GB", "en_US", "es", "es_MX", "pt_BR")


@pytest.fixture(params=EVERYWHERE)
def there(request: pytest.FixtureRequest) -> Iterator[str]:
    before = spoken()
    speak(Locale.parse(request.param))
    yield request.param
    speak(before)


def as_read(text: str) -> str:
    """With usual blanks for those that keep words together."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_times_and_dates_are_written_as_people_write_them_there(there: str) -> None:
    time, short, order, half_days = {
        "en_GB": ("17:05", "14/05/2026", "DD/MM/YYYY", False),
        "en_US": ("5:05 PM", "5/14/26", "MM/DD/YYYY", True),
        "es": ("17:05", "14/5/26", "DD/MM/YYYY", False),
        "es_MX": ("5:05 p.m.", "14/05/26", "DD/MM/YYYY", True),
        "pt_BR": ("17:05", "14/05/2026", "DD/MM/YYYY", False),
    }[there]
    assert as_read(formats.time(AT)) == time
    assert formats.short_day(AT.date()) == short
    assert formats.order_of_date() == order
    assert formats.has_half_days() == half_days


def test_days_have_their_names_in_the_language(there: str) -> None:
    long, short = {
        "en_GB": ("Thursday 14 May", "Thu, 14 May 2026"),
        "en_US": ("Thursday, May 14", "Thu, May 14, 2026"),
        "es": ("jueves, 14 de mayo", "jue, 14 may 2026"),
        "es_MX": ("jueves, 14 de mayo", "jue, 14 de may de 2026"),
        "pt_BR": ("quinta-feira, 14 de maio", "qui., 14 de mai. de 2026"),
    }[there]
    assert as_read(formats.long_day(AT.date())) == long
    assert as_read(formats.day(AT.date())) == short
    assert "2026" not in formats.day(date(2026, 5, 14), year=False)


def test_numbers_percents_and_lists_are_written_as_people_write_them_there(there: str) -> None:
    number, percent, listed = {
        "en_GB": ("12,345.5", "85%", "Ana, Ben and Cy"),
        "en_US": ("12,345.5", "85%", "Ana, Ben, and Cy"),
        "es": ("12.345,5", "85 %", "Ana, Ben y Cy"),
        "es_MX": ("12,345.5", "85%", "Ana, Ben y Cy"),
        "pt_BR": ("12.345,5", "85%", "Ana, Ben e Cy"),
    }[there]
    assert formats.number(12_345.5, 1) == number
    assert as_read(formats.percent(85)) == percent
    assert formats.listed(["Ana", "Ben", "Cy"]) == listed


@pytest.mark.parametrize(
    ("locale", "one", "several", "none"),
    [
        ("en", "1 person", "23 people", "0 people"),
        ("es", "1 (persona|participante)", "23 (personas|participantes)", "0 (personas|participantes)"),
        ("pt_BR", "1 (pessoa|participante)", "23 (pessoas|participantes)", "0 (pessoa|participante)"),
    ],
)
def test_one_and_several_are_told_apart(locale: str, one: str, several: str, none: str) -> None:
    with speaking(Locale.parse(locale)):
        for number, expected in ((1, one), (23, several), (0, none)):
            assert re.fullmatch(expected, people_in_words(number))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (35, "35 s"), (60, "1 min"), (2700, "45 min"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_a_length_is_told_as_people_say_it(seconds: float, expected: str) -> None:
    assert as_read(formats.length(seconds)) == expected
