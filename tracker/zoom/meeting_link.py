"""Finds the Zoom meeting in a pasted text: a link, a whole invitation, or the bare number.

The shapes are Zoom's own link shapes: browser links (`/j/`, `/s/`, `/wc/…`, `/launch/jc/`), the pages of a meeting for
its host (`/meeting/`, `/meetings/…/invitations`), app links (`zoommtg:`, `zoomus:`, `intent:`) and the written number;
each of them also inside the links that mail programs and Google make of links. What is found is built anew from host,
number and passcode, so that the secrets of a host's start link (`zak`, `tk`, …) cannot travel on.
"""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from tracker.errors import InvalidInput

# Room for a long invitation, and for a link that Outlook has wrapped more than once.
LONGEST_TEXT = 10_000
# Nine digits are old numbers that still work; ten are personal ids; eleven are given out today.
DIGITS = range(9, 12)

ZOOM_DOMAINS = ("zoom.us", "zoom.com", "zoomgov.com", "zoom.com.cn", "zoom-x.de")
# What mail programs and Google put links into. Microsoft's have it in the parameter `url`, Google's in `q`.
SAFELINKS = (".safelinks.protection.outlook.com", ".safelinks.protection.office365.us", "statics.teams.cdn.office.net")
_GOOGLE = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}")
# Proofpoint's "URL Defense". In version 2 `-` stands for `%`, and `_` for `/`; in version 3 characters that are not
# plain are `*` (a run of them `**` and a sign for how many), and follow after the address in base64.
_SIGNS = re.compile("[A-Za-z0-9_-]*")
_REPLACED = re.compile(r"\*(?:\*(?P<run>[A-Za-z0-9_-]))?")
_RUNS = {sign: count for count, sign in enumerate(ascii_uppercase + ascii_lowercase + digits + "-_", start=2)}

# The white space that lays out a text (tab to carriage return) is no reason to refuse it.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")

# No address holds these characters (RFC 3986), so they are where one ends.
_BREAKS = re.compile(r'[\s<>"`\[\]]+')

# Punctuation and invisible marks that mail programs and sentences leave at the ends of what was copied.
_EDGES = " \t\r\n\v\f\u00a0.,;:!?*(){}'‘’“”„«»…。，；：！？（）" + "\u200b\u200e\u200f\u202a\u202c\u2060\ufeff"

# The strict host is the guard: userinfo, ports, backslashes and look-alike letters match nothing here.
_ADDRESS = re.compile(
    r"""(?:
            (?:[^/.?#@\\]*[:：(])?                        # a label in front of it: `Link:`
            (?:https?://|(?:zoommtg|zoomus|intent):(?://)?)
        )?
        (?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)
        (?P<path>/[^?#]*)?
        (?:\?(?P<query>[^#]*))?
        (?:\#.*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
_PATH_WITH_ID = re.compile(r"/(?:j|s|wc|wc/join|launch/jc)/([0-9]+)(?:/(?:join|start))?/?", re.IGNORECASE | re.ASCII)
# The pages of a meeting in Zoom's portal, from whose address bar it is copied.
_PATH_FOR_HOST = re.compile(r"/meetings?/([0-9]+)(?:/[a-z]+)?/?", re.IGNORECASE | re.ASCII)
_PATH_OF_WEBINAR = re.compile(r"/(?:w/[0-9]|webinars?(?:/|\Z))", re.IGNORECASE | re.ASCII)
_PATH_OF_CONFNO = re.compile(r"/(?:join|start)/?", re.IGNORECASE | re.ASCII)
_REGISTRATION = re.compile(r"/meeting/register\b", re.IGNORECASE | re.ASCII)

# Blanks, invisible marks and dashes of every script, but no line end: the next line is another number.
_GAP = r"[ \t\u00a0\u00ad\u2000-\u2015\u202a-\u202f\u205f-\u2069\u2212\u3000\ufe58\ufe63\ufeff\uff0d\-]"
# Possessive: a number is taken whole or not at all, even where digits of another script follow.
_NUMBER = rf"([0-9](?:{_GAP}*[0-9])*+)(?!{_GAP}*\d)"
_BARE_NUMBER = re.compile(_NUMBER)
_LABELLED_NUMBER = re.compile(rf"(?<![^\s(])meeting[ -]?id\s*[:：]\s*{_NUMBER}", re.IGNORECASE)
_LABELLED_WEBINAR = re.compile(r"(?<![^\s(])webinar[ -]?id\s*[:：]\s*[0-9]", re.IGNORECASE)


class MeetingLinkError(InvalidInput):
    """There is no one meeting in the text that somebody pasted."""


@dataclass(frozen=True, slots=True)
class MeetingLink:
    """A meeting's number, and the link to join it by unless only the number was given.

    `for_host`: it was copied from a page for the host, which does not have the passcode that students may need.
    """

    meeting_id: str
    join_url: str | None
    for_host: bool = field(default=False, compare=False)


class _Address(NamedTuple):
    text: str
    host: str
    path: str
    parameters: dict[str, str]


def extract_zoom_meeting_id(url: str) -> str | None:
    """The meeting id in a Zoom link, an invitation or a written number; None when there is none."""
    try:
        return read_meeting_link(url).meeting_id
    except MeetingLinkError:
        return None


def read_meeting_link(text: str) -> MeetingLink:
    """The one meeting that `text` speaks of. Raises MeetingLinkError for none, for more than one, and for a webinar."""
    _refuse_unreadable(text)
    addresses = _zoom_addresses(text)
    _refuse_webinar(text, addresses)
    found = [meeting for address in addresses if (meeting := _meeting_at(address))]
    # Beside nothing but foreign links, "Meeting ID:" is another company's: Teams writes it too.
    if addresses or "://" not in text:
        found += [MeetingLink(number, None) for number in _written_numbers(text)]
    meetings = [meeting for meeting in found if len(meeting.meeting_id) in DIGITS]
    if not meetings:
        raise _why_none(text, addresses, found)
    if any(meeting.meeting_id != meetings[0].meeting_id for meeting in meetings):
        raise MeetingLinkError("link_of_several_meetings")
    return meetings[0]


def _refuse_unreadable(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise MeetingLinkError("link_too_long")
    if _CONTROL.search(text):
        raise MeetingLinkError("link_with_control_characters")


def _refuse_webinar(text: str, addresses: list[_Address]) -> None:
    """A webinar's invitation has the link of a meeting (`/j/`) as well, and says what it is beside the number."""
    told = _LABELLED_WEBINAR.search(text) and (addresses or "://" not in text)
    if told or any(_PATH_OF_WEBINAR.match(address.path) for address in addresses):
        raise MeetingLinkError("link_webinar")


def _zoom_addresses(text: str) -> list[_Address]:
    addresses = (_unwrapped(word) for word in _BREAKS.split(text))
    return [address for address in addresses if address and _within(address.host, ZOOM_DOMAINS)]


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _unwrapped(word: str) -> _Address | None:
    """The address in `word`, taken out of the links that others have put it into; a forwarded mail has several.

    What is inside is always shorter, so that this ends.
    """
    address = _address(word)
    while address and (inside := _inside(address)) is not None:
        address = _address(inside)
    return address


def _inside(address: _Address) -> str | None:
    """The link that somebody has put into this one; None where it is no such link, "" where there is none in it."""
    if address.host.endswith(SAFELINKS):
        return address.parameters.get("url", "")
    if _GOOGLE.fullmatch(address.host) and address.path == "/url":
        return address.parameters.get("q") or address.parameters.get("url", "")
    if address.host == "urldefense.proofpoint.com":
        given = address.parameters.get("u", "")
        return unquote(given.replace("-", "%").replace("_", "/")) if address.path == "/v2/url" else given
    if address.host in ("urldefense.com", "urldefense.us"):
        url, _, after = address.text.partition("/v3/__")[2].removesuffix("__").partition("__;")
        return _with_signs(url, match[0] if (match := _SIGNS.match(after)) else "")
    return None


def _with_signs(url: str, signs: str) -> str:
    """The address of Proofpoint's version 3 with the characters that were taken out of it."""
    try:
        left = iter(urlsafe_b64decode(f"{signs}==").decode("utf-8", "replace"))
    except ValueError:
        left = iter("")

    def taken(match: re.Match[str]) -> str:
        count = _RUNS[match["run"]] if match["run"] else 1
        return "".join(sign for sign, _ in zip(left, range(count), strict=False))

    # One of the two slashes is lost on some ways.
    return re.sub(r"\A(https?:/)(?!/)", r"\1/", _REPLACED.sub(taken, url))


def _address(word: str) -> _Address | None:
    text = word.replace("&amp;", "&").strip(_EDGES)
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    return _Address(text, match["host"].lower(), match["path"] or "", dict(parse_qsl(match["query"] or "")))


def _meeting_at(address: _Address) -> MeetingLink | None:
    number = _number_in(address)
    if number is None:
        return None
    passcode = address.parameters.get("pwd")
    # Half a surrogate pair has no bytes; what cannot be written must not break the reading.
    query = "?" + urlencode({"pwd": passcode}, errors="replace") if passcode else ""
    for_host = _PATH_FOR_HOST.fullmatch(address.path) is not None
    return MeetingLink(number, f"https://{address.host}/j/{number}{query}", for_host)


def _number_in(address: _Address) -> str | None:
    if match := _PATH_WITH_ID.fullmatch(address.path) or _PATH_FOR_HOST.fullmatch(address.path):
        return match[1]
    confno = address.parameters.get("confno", "")
    if _PATH_OF_CONFNO.fullmatch(address.path) and re.fullmatch("[0-9]+", confno):
        return confno
    return None


def _written_numbers(text: str) -> list[str]:
    bare = _BARE_NUMBER.fullmatch(text.strip(_EDGES))
    matches = [bare] if bare else _LABELLED_NUMBER.finditer(text)
    return [re.sub(_GAP, "", match[1]) for match in matches]


def _why_none(text: str, addresses: list[_Address], found: list[MeetingLink]) -> MeetingLinkError:
    if found:
        return MeetingLinkError("link_with_other_length", count=len(found[0].meeting_id))
    if any(address.path.lower().startswith("/my/") for address in addresses):
        return MeetingLinkError("link_personal")
    if any(_REGISTRATION.match(address.path) for address in addresses):
        return MeetingLinkError("link_for_registration")
    if any(letter.isdecimal() and not letter.isascii() for letter in text):
        return MeetingLinkError("link_in_other_digits")
    if addresses:
        return MeetingLinkError("link_without_id")
    if "/" in text:
        return MeetingLinkError("link_not_zoom")
    return MeetingLinkError("link_missing")
