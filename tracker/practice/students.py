"""The students of the sample courses, all of them invented: how each comes to class, and what a school's list says.

Who is on the list is not always whom Zoom names: some join without an account, with a parent's, under the name of their
telephone, or under a name that two of them have.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracker.practice.values import SCHOOL_DOMAIN

# Name as shown in meetings, and mailbox at the school.
PEOPLE = tuple(
    tuple(entry.strip().split("|"))
    for entry in """
    Ana Lima|ana.lima; José Ángel Núñez|jose.nunez; Sofía Herrera|sofia.herrera; Łukasz Wójcik|lukasz.wojcik
    Zoë Brouwer|zoe.brouwer; Jürgen Groß|juergen.gross; Mehmet Yılmaz|mehmet.yilmaz; Ayşe Demir|ayse.demir
    王小明|xiaoming.wang; 李静|jing.li; 佐藤 陽菜|hina.sato; 김민준|minjun.kim; Nguyễn Thị Hoa|hoa.nguyen
    Олена Шевченко|olena.shevchenko; Дмитрий Орлов|dmitri.orlov; Γιώργος Παππάς|giorgos.pappas
    محمد العلي|mohammed.alali; فاطمة حسن|fatima.hassan; נועה לוי|noa.levi; प्रिया शर्मा|priya.sharma
    Arjun Nair|arjun.nair; Chiamaka Okafor|chiamaka.okafor; Kwame Mensah|kwame.mensah; Amina Diallo|amina.diallo
    Siobhán O'Neill|siobhan.oneill; Rhys Llewellyn|rhys.llewellyn; Freja Sørensen|freja.sorensen
    Åsa Lindqvist|asa.lindqvist; Mikko Hämäläinen|mikko.hamalainen; Jón Þórsson|jon.thorsson
    Chloé Lefèvre|chloe.lefevre; Élodie Bérubé|elodie.berube; Giulia D'Angelo|giulia.dangelo
    Matteo Ricci|matteo.ricci; Inês Gonçalves|ines.goncalves; João Pedro Araújo|joao.araujo
    Petra Dvořáková|petra.dvorakova; Ștefan Ionescu|stefan.ionescu; Dóra Szűcs|dora.szucs
    Milica Đorđević|milica.djordjevic; Nino Beridze|nino.beridze; Aram Petrosyan|aram.petrosyan
    Leilani Kahale|leilani.kahale; Tane Rangi|tane.rangi; Quispe Mamani, Rosa|rosa.quispe
    Emily Carter|emily.carter; Noah Bennett|noah.bennett; Grace Thompson|grace.thompson; Liam Murphy|liam.murphy
    Hannah Vogel|hannah.vogel; Felix Brandt|felix.brandt; Mia Schäfer|mia.schaefer; Paul Krüger|paul.krueger
    Camila Rojas|camila.rojas; Thiago Batista|thiago.batista; Putri Wulandari|putri.wulandari
    Somchai Jaidee|somchai.jaidee; Maria Santos|maria.santos; Daniel Kim|daniel.kim; Sara Haddad|sara.haddad
    """.replace("\n", ";").split(";")
    if entry.strip()
)
FEWEST, MOST = 12, 28
PHONE = "iPhone"
RENAMED = "(phone broken, on laptop)"
# What the first students of a course are beside what chance makes of all of them. The first one changes the name, and
# joins without an account as the one with a name that another student has too does.
STORIES: tuple[Mapping[str, Any], ...] = (
    {"stops_coming": True},
    {"email": ""},
    {"comes_late": True},
    {"since": 0.25},
    {"until": 0.7},
    {"away": (0.7, 0.85), "remark": "Away with the school orchestra"},
    {"leaves_halfway": True},
    {"email": "", "name": PHONE, "second_device": False},
)
GUARDED, NAMESAKE = 8, 9


@dataclass(frozen=True)
class Student:
    """A student of a course, with habits that stay the same through the term.

    `name` and `email` are as Zoom has them, `email` "" for who is not signed in; `listed_name`, `listed_email`,
    `number` and `group` as the school's list has them. Shares of the term are from 0 to 1: she is a student from
    `since` to before `until`, and has said that she will miss what is from `away[0]` to before `away[1]`.
    """

    name: str
    email: str
    listed_name: str
    listed_email: str
    number: str
    group: str
    reliability: float
    comes_late: bool
    drops_out: bool
    second_device: bool
    leaves_halfway: bool = False
    later_name: str = ""
    stops_coming: bool = False
    since: float = 0.0
    until: float = 1.0
    away: tuple[float, float] = (0.0, 0.0)
    remark: str = ""
    # A parent's address, with which she joins.
    further_email: str = ""
    # The names without an account that her teacher knows to be hers.
    known_as: tuple[str, ...] = ()

    def name_at(self, progress: float) -> str:
        """The name shown when that share of the term has passed."""
        return self.later_name if self.later_name and progress >= 0.5 else self.name

    def is_enrolled(self, progress: float) -> bool:
        """Whether she is a student of the course when that share of the term has passed."""
        return self.since <= progress < self.until

    def is_away(self, progress: float) -> bool:
        """Whether she is missing then, as she has said."""
        return self.away[0] <= progress < self.away[1]

    def comes(self, progress: float) -> bool:
        """Whether she means to come then."""
        return self.is_enrolled(progress) and not self.is_away(progress) and not (self.stops_coming and progress > 0.65)


def students(chance: random.Random) -> tuple[Student, ...]:
    """The students of a course."""
    people = chance.sample(PEOPLE, chance.randint(FEWEST, MOST))
    made = [_student(chance, name, mailbox) for name, mailbox in people]
    for place, story in enumerate(STORIES):
        made[place] = replace(made[place], **story)
    made[1] = replace(made[1], later_name=f"{made[1].name.split()[0]} {RENAMED}")
    family, mailbox = people[GUARDED][0].split()[-1], people[GUARDED][1]
    parents = f"family.{mailbox}{SCHOOL_DOMAIN}"
    made[GUARDED] = replace(made[GUARDED], name=f"Family {family}", email=parents, further_email=parents)
    address = f"{people[NAMESAKE][1]}2{SCHOOL_DOMAIN}"
    made.append(replace(_student(chance, *people[NAMESAKE]), email=address, listed_email=address))
    made[NAMESAKE] = replace(made[NAMESAKE], email="", listed_email=people[NAMESAKE][1] + SCHOOL_DOMAIN)
    without = [place for place, one in enumerate(made) if not one.email]
    # Who the last of them is nobody has told yet.
    for place in without if without[-1] == NAMESAKE else without[:-1]:
        made[place] = replace(made[place], known_as=_names_of(made[place], is_shared=place == NAMESAKE))
    return tuple(made)


def _student(chance: random.Random, name: str, mailbox: str) -> Student:
    address = mailbox + SCHOOL_DOMAIN
    return Student(
        name=name,
        email="" if chance.random() < 0.25 else address,
        listed_name=" ".join(reversed(name.split(", "))),
        # Whose name the list writes in another order is known by her address alone.
        listed_email=address if chance.random() < 0.7 or "," in name else "",
        number=f"{chance.randrange(100_000):05}" if chance.random() < 0.8 else "",
        group=chance.choice(("A", "B")),
        reliability=chance.uniform(0.85, 0.99),
        comes_late=chance.random() < 0.15,
        drops_out=chance.random() < 0.2,
        second_device=chance.random() < 0.15,
    )


def on_phone(name: str) -> str:
    """The name of somebody who joins by telephone this once."""
    return f"{name} ({PHONE})"


def _names_of(student: Student, *, is_shared: bool) -> tuple[str, ...]:
    """What somebody without an account is called in meetings, but for a name that the list tells by itself."""
    if student.name == PHONE:
        return (PHONE,)
    own = [name for name in (student.name, student.later_name) if name]
    return tuple(name for name in (*own, *map(on_phone, own)) if is_shared or name != student.listed_name)
