"""What the names that people join with tell: a device, or a note-taking robot. Pure functions."""

import re

from tracker.text import compared_name, fold_name

DEVICES = (
    r"i-?phone|i-?pad|ipod|mac-?book\w*|mac|android|galaxy\w*|samsung|huawei|xiaomi|pixel|tablet|laptop|pc|phone"
    r"|mobile|handy|celular"
)
_DEVICE = re.compile(
    rf"\((?:[^()]*\b)?(?:{DEVICES})\b[^()]*\)"  # Ana Lima (iPhone)
    rf"|(?:'s|’s|s')?[\s_-]+(?:{DEVICES})\s*$"  # Ana Lima's iPhone, Ana Lima - phone
    rf"|^(?:{DEVICES})\s+(?:von|de|di|of)\s+",  # iPhone von Ana Lima
    re.IGNORECASE,
)
# Services that join meetings to take notes, by the names that they join with.
_ROBOT = re.compile(
    r"\botter(?:\.ai|pilot)\b|\bfireflies(?:\.ai)?\b|\bread\.ai\b|\bfathom(?:\.video|\.ai|'s)? (?:ai )?note"
    r"|\bai companion\b|\bnote ?takers?\b|\bnotetaking\b|\bmeeting (?:notes|assistant|recorder)\b"
    r"|\btl;?dv\b|\bmeetgeek\b|\bavoma\b|\bsembly\b|\btactiq\b|\bjamie\.ai\b|\bmeetjamie\b|\bgrain\.(?:co|com)\b"
    r"|\bchorus\.ai\b|\bgong\.io\b|\bsupernormal\b|\blaxis\b|\bcirclebac?k\.ai\b|\bnyota\b|\brecall\.ai\b"
)


def without_device(name: str) -> str:
    """The name without the device that it names: `Ana Lima (iPhone)` is `Ana Lima`; as it is where nothing is left."""
    return fold_name(_DEVICE.sub(" ", name)).strip(" -_,") or name


def names_device(name: str) -> bool:
    """Whether the name names a device beside somebody, or nobody but a device."""
    plain = fold_name(name)
    return without_device(plain) != plain or re.fullmatch(DEVICES, plain, re.IGNORECASE) is not None


def looks_like_robot(name: str) -> bool:
    """Whether this is how a note-taking robot names itself."""
    return _ROBOT.search(compared_name(name)) is not None
