"""What a heading of a report says, in English, Spanish, Portuguese, German and French.

Headings are compared without accents, case and punctuation: "E-Mail (Benutzer)" is `e mail benutzer`.
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

# What is longer is no heading.
LONGEST_HEADING = 100


class Field(StrEnum):
    """What a column, or a line of a summary, tells of somebody's stay or of the meeting."""

    # Of the three the first is the surest, and the last may be the host's.
    ORIGINAL_NAME = "original name"
    NAME = "name"
    USER_NAME = "user name"
    EMAIL = "email"
    ACCOUNT = "account"
    JOIN = "join"
    LEAVE = "leave"
    DURATION = "duration"
    WAITING = "waiting"
    ATTENDED = "attended"
    ACTION = "action"
    MOMENT = "moment"
    TOPIC = "topic"
    MEETING_ID = "meeting id"
    START = "start"
    END = "end"
    HOST = "host"
    COUNT = "count"


NAMES = (Field.ORIGINAL_NAME, Field.NAME, Field.USER_NAME)
OF_MEETING = frozenset({Field.TOPIC, Field.MEETING_ID, Field.START, Field.END})

_MAIL = r"\b(?:e ?mails?|mail|correos?|courriel)\b"
_HOST = r"\b(?:host\w*|anfitrion|anfitriao|organi[sz]ador|organizer|gastgeber\w*|hote|organisateur|veranstalter)\b"
# In the order in which they are tried.
_PATTERNS = (
    (Field.WAITING, r"waiting room|sala de espera|\bwarte(?:raum|zimmer|bereich|saal)|salle d attente"),
    (Field.ACCOUNT, r"\bupn\b"),
    (Field.HOST, rf"{_HOST}.*{_MAIL}|{_MAIL}.*{_HOST}"),
    (Field.EMAIL, _MAIL),
    (
        Field.DURATION,
        r"\b(?:duration|duracion|duracao|dauer|\w+dauer|duree|permanencia)\b"
        r"|time in session|tiempo en (?:la )?sesion|tempo na sessao",
    ),
    (
        Field.ORIGINAL_NAME,
        r"^(?:user ?|benutzer|nombre de |nome de |nom d )?(?:name|nombre|nome|nom|usuario|utilisateur)\b"
        r".*\b(?:original\w*|origine|origen|ursprunglich\w*)\b",
    ),
    (Field.ACTION, r"^(?:user )?action\b|^accion\b|^acao\b|^(?:benutzer)?aktion\b"),
    (
        Field.MOMENT,
        r"time ?stamp|marca (?:de tiempo|temporal|de hora)|carimbo de (?:data|hora)|zeitstempel|horodat\w+",
    ),
    (
        Field.TOPIC,
        r"^(?:(?:meeting |webinar )?(?:topic|title)|tema|asunto|topico|assunto|thema|\w*titel|sujet"
        r"|tit(?:re|ulo)(?: d[aeo].*)?)$",
    ),
    (
        Field.MEETING_ID,
        r"^(?:id|(?:meeting|webinar|besprechungs) ?id|id d[aeo] (?:la |el )?(?:reunion|reuniao|seminario\w*)"
        r"|meeting (?:kennung|nummer)|numero de reunion)$",
    ),
    (Field.LEAVE, r"\b(?:leav\w+|left|verlass\w*|austritt\w*|salir|salida|sair|saida|depart|sortie|quitt\w+)\b"),
    (
        Field.JOIN,
        r"\b(?:join\w*|beitritt\w*|beigetreten|teilnahme(?:zeit\w*|beginn)?|unirse|union|ingress\w*|ingreso|entrada"
        r"|incorporacion|arrivee|entree|rejoindre|connexion|participation)\b",
    ),
    (Field.START, r"\b(?:start\w*|inicio|inicial|beginn|debut)\b"),
    (Field.END, r"\b(?:end(?:e|ed|zeit\w*|uhrzeit)?|finalizacion|finalizado|fin|fim|final|termino|encerramento)\b"),
    (Field.ATTENDED, r"^(?:attended|asistio|compareceu|participou|teilgenommen|a participe)$"),
    (Field.COUNT, r"\b(?:participants|participantes|teilnehmer\w*|asistentes)\b"),
    (Field.HOST, _HOST),
    (Field.USER_NAME, r"^(?:user ?name|nombre de usuario|nome de usuario|benutzername|nom d utilisateur)$"),
    (
        Field.NAME,
        r"^(?:(?:full|display|participant|attendee|complete) )?name$|^name (?:des|der) teilnehmer\w*$"
        r"|^(?:vollstandiger|anzeige) ?name$|^participant$|^participante$|^attendee$"
        r"|^(?:nombre|nome|nom)(?: (?:completo|complet|d[eou]l? (?:la )?participante?))?$",
    ),
)
_COMPILED = tuple((field, re.compile(pattern)) for field, pattern in _PATTERNS)


@lru_cache(maxsize=4096)
def field_of(heading: str) -> Field | None:
    """What a heading says that stands below or beside it; None for what is none that is known."""
    said = _compared(heading)
    return next((field for field, pattern in _COMPILED if said and pattern.search(said)), None)


@lru_cache(maxsize=4096)
def says_utc(heading: str) -> bool:
    """Whether a heading says that its times are UTC: "Join Time (UTC)"."""
    return bool({"utc", "gmt"} & set(_compared(heading).split()))


def _compared(heading: str) -> str:
    if not heading or len(heading) > LONGEST_HEADING or "@" in heading:
        return ""
    apart = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", heading)
    plain = unicodedata.normalize("NFKD", apart.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    # "User_Email_2" of those who number columns of one name.
    return re.sub(r" \d$", "", " ".join(re.findall(r"[a-z0-9]+", plain)))
