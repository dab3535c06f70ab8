"""The text in a file, and the encoding that it is in."""

import codecs
import unicodedata

from tracker.errors import InvalidInput

# The longer mark first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How other kinds of files begin: PDF, RTF, images, packed files, and the text of programs.
_OTHER_FILES = (
    b"%PDF",
    b"{\\rtf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM6",
    b"PK",
    b"\x1f\x8b",
    b"7z\xbc",
    b"Rar!",
)
_OTHER_TEXTS = ("<", "{", "[{", "#!", "begin:v")
# Letters and signs of names and headings in the languages that are read; what else a byte may be is less likely.
_USUAL, _POSSIBLE = frozenset("áéíóúàèìòùâêîôûãõñçäöüßëïÿœæøåº’"), frozenset("ÁÉÍÓÚÀÈÊÂÔÃÕÑÇÄÖÜØÅŠŽšžªº–«»°·")
_LAYOUT = frozenset("\t\n\r\f\v\x1a")
# Of a thousand characters, how many may be controls in a text.
MOST_CONTROLS = 5


def decoded(content: bytes, no_text: str) -> tuple[str, str]:
    """The text of a file and the name of its encoding; raises `InvalidInput` with that code for what is no text."""
    if content.startswith(_OTHER_FILES):
        raise InvalidInput(no_text)
    text, encoding = _decoded(content)
    if "\0" in text or _controls(text) * 1000 > len(text) * MOST_CONTROLS:
        raise InvalidInput(no_text)
    if text.lstrip()[:20].casefold().startswith(_OTHER_TEXTS):
        raise InvalidInput(no_text)
    return text, encoding


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace"), encoding
    if encoding := _utf_16(content):
        return content.decode(encoding, "replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
    # A file that was cut off, or one odd byte in it.
    broken = text.count("\ufffd")
    if sum(not sign.isascii() for sign in text) > 10 * broken:
        return text, "utf-8"
    return _of_one_byte(content)


def _utf_16(content: bytes) -> str:
    """Which UTF-16 a file without a mark is in; "" for none: every second byte of Latin letters is a zero."""
    sample = content[:2000]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros) * 5 < len(sample) or min(zeros) * 10 > max(zeros):
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _of_one_byte(content: bytes) -> tuple[str, str]:
    """The text in the encoding of Windows, or in that of old Macs, where its letters are the more likely ones."""
    windows, mac = content.decode("cp1252", "replace"), content.decode("mac-roman")
    if _likely(mac) > _likely(windows):
        return mac, "mac-roman"
    return windows, "windows-1252"


def _likely(text: str) -> int:
    points = 0
    before = " "
    for sign in text:
        if not sign.isascii():
            in_word = before.islower() and sign.isupper()
            points += -2 if in_word else 2 if sign in _USUAL else 1 if sign in _POSSIBLE else -2
        before = sign
    return points


def _controls(text: str) -> int:
    if text.isprintable():
        return 0
    return sum(unicodedata.category(sign) == "Cc" for sign in text if sign not in _LAYOUT)
