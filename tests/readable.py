"""Texts for people that stand in the code of pages and panels, and are in no catalogue.

Found are literals of two or more words, and those of one that are given to whatever draws a label or a text. What
nobody reads is left out by its kind: documentation, log messages, what is wrong with the code, addresses, icons, keys,
HTML's tags and attributes, CSS, patterns and formats.
"""

import ast
import re
from collections.abc import Iterator

# What makes a message of its first arguments, and of how many.
TRANSLATED = {"_": 1, "_n": 2, "gettext": 1, "ngettext": 2, "marked": 1, "gate": 1, "dialog": 1}
# Calls, of Streamlit or of one of its columns and containers, whose first argument is read.
LABELLED = {
    *("title", "header", "subheader", "markdown", "caption", "write", "text", "info", "success", "warning", "error"),
    *("toast", "badge", "button", "link_button", "download_button", "form_submit_button", "text_input", "text_area"),
    *("number_input", "date_input", "time_input", "selectbox", "multiselect", "radio", "checkbox", "toggle", "pills"),
    *("segmented_control", "slider", "expander", "popover", "status", "spinner", "metric", "tabs", "menu_button"),
}
# Of `tracker.ui.components`: all that is given to it is read, but for what nobody reads in any call.
COMPONENTS, OURS = "components", {"Figure", "Column"}
UNREAD = {"look", "key", "color", "icon", "type", "format", "mime", "autocomplete", "width", "id"}
COLORS = {"red", "orange", "blue", "green", "violet", "gray", "primary"}
# Arguments that are read, whatever the call is.
READ = {"label", "help", "placeholder", "page_title", "body", "caption", "heading", "note"}
# Where the choices are codes, this says how they are shown.
SHOWN_BY = "format_func"
# Attributes of HTML that are read.
READ_IN_HTML = re.compile(r"\b(?:aria-label|title|alt|placeholder)=(['\"])(?P<text>.*?)\1", re.DOTALL)
FOR_PROGRAMMERS = {"AssertionError", "KeyError", "LookupError", "RuntimeError", "TypeError", "ValueError"}
LOGS = {"log", "logger", "logging", "LOG", "_log"}
# Names, which are the same in every language, formats of Streamlit's, and what search engines read.
NAMES = {
    "Download plot as a PNG",
    "Samsung Internet",
    "Mac OS X",
    "Excel",
    "CSV",
    "JSON",
    "Zoom",
    "YYYY-MM-DD HH:mm:ss",
    "ZOOM_PLAN",
    "-//Zoom Participant Tracking//Class//EN",
    "Google Sheets",
    "noindex, nofollow",
}
# What is stored; its words are in the catalogues.
CODES = {"people and stays", "left early", "late, left early"}
# Answers to programs that break the rules of HTTP; no browser shows them.
TO_PROGRAMS = {"The head of this request is too large."}
# Calls that read patterns, and names and values of headers, keys and files.
TECHNICAL = {"compile", "fullmatch", "match", "search", "sub", "split", "findall", "get", "pop", "setdefault"}
TECHNICAL |= {"getattr", "hasattr", "encode", "add_middleware", "Literal", "TypeVar", "ContextVar", "strptime"}
HOLE = "\0"
WORD = r"[^\W\d_]{2,}"
SENTENCE = re.compile(rf"{WORD}[’',;:.!?]*\s+[“\"(]?{WORD}|{WORD}\s+[^\W\d_]\b|\b[^\W\d_]\s+{WORD}")
NO_TEXT = re.compile(
    r":material/\w+:|`[^`]*`"  # an icon, and code
    r"|<!--.*?-->|<(?:style|script)\b.*?</(?:style|script)>"
    r"|</?[a-zA-Z!][^<>]*>"  # a tag
    r"|</?[a-zA-Z][^<>]*$|^[^<>]*[='\"][^<>]*>"  # one that goes on in another literal
    r"|\b(?:required|readonly|autofocus)\b(?=[^<>]*=)|[\w-]+=\"[^\"<>]*\""  # attributes alone
    r"|%\{[^}]*\}|&\w+;|&#\w+;",
    re.DOTALL,
)
# A rule of CSS, an attribute or a style; what headers and calendar files say to programs.
CSS = re.compile(r"[\w-]+\s*:\s*[^;{}]*;|@media[^{}]*|\{[^{}]*:[^{}]*\}|--[\w-]+")
POLICY = re.compile(
    r"^[A-Z-]+[:;]\S|\bAccept-Language\b|\w+/\w+; charset=|'self'|'none'"
    r"|\b(?:max-age|no-store|no-cache|same-origin|noopener|nosniff)\b"
)


def texts_outside(source: str) -> list[tuple[int, str]]:
    """Line and text of everything in this module that a person could read, and that is in no catalogue."""
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            if isinstance(above[node], ast.JoinedStr | ast.FormattedValue) and isinstance(node, ast.Constant):
                continue  # it is a part of a text, which is looked at as a whole
            text = _text(node)
            if text in NAMES | CODES | TO_PROGRAMS:
                continue
            if _is_read(text, _is_label(node, above)) and not _is_known(node, above):
                found.append((node.lineno, text.replace(HOLE, "…")))
    return sorted(found)


def _text(node: ast.expr) -> str:
    """What a literal says, with a sign for each hole in it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)


def _is_read(text: str, is_label: bool) -> bool:
    """Whether there are words for people in it: one in a label is enough."""
    if any(re.search(WORD, one["text"].replace(HOLE, "")) for one in READ_IN_HTML.finditer(text)):
        return True
    if POLICY.search(text):
        return False
    text = CSS.sub(" ", NO_TEXT.sub(" ", text))
    if re.fullmatch(r"\s*(?:\w+://|/|\?)\S*\s*", text):  # an address
        return False
    return bool(SENTENCE.search(text) or (is_label and re.search(WORD, text) and text not in COLORS))


def _is_known(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Whether it is in the catalogues, or of a kind that nobody reads."""
    below: ast.AST = node
    while (parent := above.get(below)) is not None:
        if isinstance(parent, ast.Call):
            name = _name(parent.func)
            if below in parent.args[: TRANSLATED.get(name, 0)]:
                # Nobody finds a message that is put together, and no catalogue can have it.
                return below is node and isinstance(node, ast.Constant)
            if name in FOR_PROGRAMMERS or name in TECHNICAL or _receiver(parent.func) in LOGS:
                return True
        elif isinstance(parent, ast.Expr | ast.Assert):
            return isinstance(parent, ast.Assert) or below is node  # documentation
        elif isinstance(parent, ast.Compare) or (isinstance(parent, ast.Subscript) and below is parent.slice):
            return True  # a code that is compared or looked up
        elif (isinstance(parent, ast.keyword) and parent.arg in UNREAD) or _is_code(parent, below):
            return True
        elif isinstance(parent, ast.stmt):
            return False
        below = parent
    return False


def _is_code(node: ast.AST, key: ast.AST) -> bool:
    """Whether it is a key that is a name of something, as of a header, or has its message beside it."""
    if not isinstance(node, ast.Dict) or key not in node.keys:
        return False
    value = node.values[node.keys.index(key)]  # type: ignore[arg-type]
    if isinstance(value, ast.Call) and _name(value.func) in TRANSLATED:
        return True
    return all(isinstance(one, ast.Constant) and " " not in str(one.value) for one in node.keys)


def _is_label(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Whether it is given to a call that shows it, by itself or in a list or a choice of texts."""
    below: ast.AST = node
    while (parent := above.get(below)) is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Subscript) and below is parent.slice:
            return False
        if isinstance(parent, ast.Call):
            return _shows(parent, below)
        if isinstance(parent, ast.keyword):
            call = above[parent]
            return isinstance(call, ast.Call) and (parent.arg in READ or (_is_ours(call) and parent.arg not in UNREAD))
        if not isinstance(parent, ast.List | ast.Tuple | ast.IfExp | ast.BoolOp | ast.BinOp | ast.Starred):
            return False
        if isinstance(parent, ast.IfExp) and below is parent.test:
            return False
        below = parent
    return False


def _shows(call: ast.Call, argument: ast.AST) -> bool:
    name = _name(call.func)
    if _is_ours(call) or name in TRANSLATED:
        return argument in call.args[: TRANSLATED.get(name)]
    if name not in LABELLED or not isinstance(call.func, ast.Attribute) or _receiver(call.func) in LOGS:
        return False
    first = bool(call.args) and argument is call.args[0]
    choices = isinstance(argument, ast.List | ast.Tuple) and argument in call.args
    return first or (choices and SHOWN_BY not in {one.arg for one in call.keywords})


def _is_ours(call: ast.Call) -> bool:
    return _name(call.func) in OURS or _receiver(call.func) == COMPONENTS


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _receiver(node: ast.expr) -> str:
    return _name(node.value) if isinstance(node, ast.Attribute) else ""


def words_in(text: str) -> Iterator[str]:
    """The words of a text that is shown: without icons, tags, addresses and what is between ⟦ and ⟧."""
    depth, kept = 0, []
    for sign in text:
        depth += (sign == "⟦") - (sign == "⟧")
        kept.append(" " if depth or sign == "⟧" else sign)
    rest = re.sub(r"\w+://\S*|\]\([^)]*\)|:[a-z-]+\[", " ", NO_TEXT.sub(" ", "".join(kept)))
    return (one.group() for one in re.finditer(WORD, rest))
