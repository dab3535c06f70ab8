"""Who may do what, door by door. `doors.py` finds the doors in the code; the tests here try every cell.

A door of the code that is in no table fails a test, and so does a line here without a door.

The columns are who comes. The last four are tabs that were opened by somebody who might, before something changed: they
are of a teacher, an admin, a co-teacher and an admin. A program has an API token in their place, which is revoked where
the tab is signed out.
"""

WHO = (
    "nobody",
    "teacher",  # whose the class is
    "co-teacher",  # with whom it is shared
    "stranger",  # another teacher
    "admin",
    "signed-out",  # the teacher, who has signed out elsewhere meanwhile
    "closed",  # an admin whose account was closed meanwhile
    "unshared",  # a co-teacher from whom the class was taken back meanwhile
    "demoted",  # an admin who was made a teacher meanwhile
)
# Whose tab it was before something changed.
BEFORE = {"signed-out": "teacher", "closed": "admin", "unshared": "co-teacher", "demoted": "admin"}

# What a page shows. `class`: itself, with something of the class. `page`: itself, and nothing of the class.
# `refused`: a sentence, and nothing else. `sign-in`: the way to sign in, and nothing else.
PAGES = """
door                    nobody   teacher  co-teacher  stranger  admin    signed-out  closed   unshared  demoted
dashboard.py            sign-in  class    class       page      class    sign-in     sign-in  page      page
pages/class.py          sign-in  class    class       refused   class    sign-in     sign-in  refused   refused
pages/classes.py        sign-in  class    class       page      class    sign-in     sign-in  page      page
pages/my_account.py     sign-in  class    class       page      page     sign-in     sign-in  page      page
pages/new_class.py      sign-in  page     page        page      page     sign-in     sign-in  page      page
pages/people.py         sign-in  refused  refused     refused   page     sign-in     sign-in  refused   refused
pages/system.py         sign-in  refused  refused     refused   page     sign-in     sign-in  refused   refused
"""

# What becomes of a part of a page that is drawn again by itself, alone, when it is its time: what the tab shows then.
# `none`: it was never drawn.
PARTS = """
door                          nobody  teacher  co-teacher  stranger  admin  signed-out  closed   unshared  demoted
dashboard.py check            none    kept     kept        kept      kept   sign-in     sign-in  page      page
pages/class.py check          none    kept     kept        none      kept   sign-in     sign-in  refused   refused
pages/class.py who_was_there  none    kept     kept        none      kept   sign-in     sign-in  refused   refused
pages/classes.py check        none    kept     kept        kept      kept   sign-in     sign-in  page      page
pages/system.py check         none    none     none        none      kept   none        sign-in  none      refused
pages/system.py counters      none    none     none        none      kept   none        sign-in  none      refused
"""

# Who is offered a dialog. What is clicked in one that was opened before something changed does nothing: `stopped`.
DIALOGS = """
door                        nobody  teacher  co-teacher  stranger  admin  signed-out  closed   unshared  demoted
pages/class.py change       none    opens    opens       none      opens  stopped     stopped  stopped   stopped
pages/class.py cancel       none    opens    opens       none      opens  stopped     stopped  stopped   stopped
tracker/ui/sharing.py share none    opens    opens       none      opens  stopped     stopped  stopped   stopped
"""

# Who is offered a file on the page of a class.
DOWNLOADS = """
door                     nobody  teacher  co-teacher  stranger  admin  signed-out  closed  unshared  demoted
Excel                    none    given    given       none      given  none        none    none      none
CSV of people            none    given    given       none      given  none        none    none      none
CSV of joins and leaves  none    given    given       none      given  none        none    none      none
"""

# What the dashboard's server answers. `open`: to anybody. `gate`: to whoever is signed in, and 401 or the way to the
# sign-in to others. Where who she is makes a difference, the cells are statuses.
ADDRESSES = """
address
"""


def rows(table: str) -> dict[str, dict[str, str]]:
    """What stands under each column of a table, for each door."""
    head, *lines = table.strip().splitlines()
    columns = head.split()[1:]
    found = {}
    for line in lines:
        words = line.split()
        found[" ".join(words[: -len(columns)])] = dict(zip(columns, words[-len(columns) :], strict=True))
    return found
