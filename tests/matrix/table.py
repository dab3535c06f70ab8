# ruff: noqa: E501 - a line is as wide as its table
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
pages/activity.py       sign-in  refused  refused     refused   class    sign-in     sign-in  refused   refused
pages/class.py          sign-in  class    class       refused   class    sign-in     sign-in  refused   refused
pages/classes.py        sign-in  class    class       page      class    sign-in     sign-in  page      page
pages/course.py         sign-in  class    class       refused   class    sign-in     sign-in  refused   refused
pages/courses.py        sign-in  class    class       page      class    sign-in     sign-in  page      page
pages/my_account.py     sign-in  class    class       page      page     sign-in     sign-in  page      page
pages/new_class.py      sign-in  page     page        page      page     sign-in     sign-in  page      page
pages/peoples_data.py   sign-in  refused  refused     refused   page     sign-in     sign-in  refused   refused
pages/people.py         sign-in  refused  refused     refused   page     sign-in     sign-in  refused   refused
pages/student.py        sign-in  class    class       refused   class    sign-in     sign-in  refused   refused
pages/system.py         sign-in  refused  refused     refused   class    sign-in     sign-in  refused   refused
pages/what_is_kept.py   sign-in  page     page        page      page     sign-in     sign-in  page      page
"""

# What becomes of a part of a page that is drawn again by itself, alone, when it is its time: what the tab shows then.
# `none`: it was never drawn.
PARTS = """
door                                   nobody  teacher  co-teacher  stranger  admin  signed-out  closed   unshared  demoted
dashboard.py check                     none    kept     kept        kept      kept   sign-in     sign-in  page      page
dashboard.py still_signed_in           none    kept     kept        kept      kept   sign-in     sign-in  kept      page
pages/activity.py still_signed_in      none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/class.py check                   none    kept     kept        none      kept   sign-in     sign-in  refused   refused
pages/class.py still_signed_in         none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/class.py who_was_there           none    kept     kept        none      kept   sign-in     sign-in  refused   refused
pages/classes.py check                 none    kept     kept        kept      kept   sign-in     sign-in  page      page
pages/classes.py still_signed_in       none    kept     kept        kept      kept   sign-in     sign-in  kept      page
pages/course.py check                  none    kept     kept        none      kept   sign-in     sign-in  refused   refused
pages/course.py still_signed_in        none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/courses.py still_signed_in       none    kept     kept        kept      kept   sign-in     sign-in  kept      page
pages/my_account.py still_signed_in    none    kept     kept        kept      kept   sign-in     sign-in  kept      page
pages/new_class.py still_signed_in     none    kept     kept        kept      kept   sign-in     sign-in  kept      page
pages/people.py still_signed_in        none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/peoples_data.py still_signed_in  none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/student.py still_signed_in       none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/system.py check                  none    none     none        none      kept   none        sign-in  none      refused
pages/system.py counters               none    none     none        none      kept   none        sign-in  none      refused
pages/system.py still_signed_in        none    kept     kept        kept      kept   sign-in     sign-in  kept      refused
pages/what_is_kept.py still_signed_in  none    kept     kept        kept      kept   sign-in     sign-in  kept      page
"""

# Who is offered a dialog. What is clicked in one that was opened before something changed does nothing: `stopped`.
DIALOGS = """
door                            nobody  teacher  co-teacher  stranger  admin  signed-out  closed   unshared  demoted
tracker/ui/class_facts.py change none    opens    opens       none      opens  stopped     stopped  stopped   stopped
tracker/ui/class_facts.py cancel none    opens    opens       none      opens  stopped     stopped  stopped   stopped
tracker/ui/sharing.py share      none    opens    opens       none      opens  stopped     stopped  stopped   stopped
"""

# The button that opens each dialog.
OPENERS = {
    "tracker/ui/class_facts.py change": "Change",
    "tracker/ui/class_facts.py cancel": "Cancel class",
    "tracker/ui/sharing.py share": "Share",
}

# Who gets a file: that of a class on its page, and those for admins. The last four press a button that they still see.
DOWNLOADS = """
door                                         nobody  teacher  co-teacher  stranger  admin  signed-out  closed   unshared  demoted
pages/class.py Excel                         none    given    given       none      given  refused     refused  refused   refused
pages/class.py CSV of people                 none    given    given       none      given  refused     refused  refused   refused
pages/class.py CSV of joins and leaves       none    given    given       none      given  refused     refused  refused   refused
pages/class.py Calendar entry (.ics)         none    given    given       none      given  refused     refused  refused   refused
pages/course.py Excel                        none    given    given       none      given  refused     refused  refused   refused
pages/course.py CSV, a column for each class none    given    given       none      given  refused     refused  refused   refused
pages/course.py CSV, a row for each mark     none    given    given       none      given  refused     refused  refused   refused
pages/course.py Moodle                       none    given    given       none      given  refused     refused  refused   refused
pages/course.py Canvas                       none    given    given       none      given  refused     refused  refused   refused
pages/course.py Google Sheets                none    given    given       none      given  refused     refused  refused   refused
pages/activity.py CSV                        none    none     none        none      given  none        refused  none      refused
pages/activity.py JSON                       none    none     none        none      given  none        refused  none      refused
pages/peoples_data.py Download what is kept  none    none     none        none      given  none        refused  none      refused
"""

# What the dashboard's server answers, its own addresses and Streamlit's. `out`: 401, and a browser is sent to sign in.
# `in`: past the gate. `404`: what of Streamlit's no page
# needs. Of a file under /media the address is a digest of what is in it, so only who has been given it knows
# it. The last line is of everything that has no address of its own: pages, and files of Streamlit's.
ADDRESSES = """
door                                                        nobody      teacher     co-teacher  stranger    admin       signed-out  closed      unshared    demoted
GET /                                                       out         in          in          in          in          out         out         in          in
GET /activity                                               out         in          in          in          in          out         out         in          in
GET /class                                                  out         in          in          in          in          out         out         in          in
GET /classes                                                out         in          in          in          in          out         out         in          in
GET /course                                                 out         in          in          in          in          out         out         in          in
GET /courses                                                out         in          in          in          in          out         out         in          in
GET /my_account                                             out         in          in          in          in          out         out         in          in
GET /new_class                                              out         in          in          in          in          out         out         in          in
GET /peoples_data                                           out         in          in          in          in          out         out         in          in
GET /people                                                 out         in          in          in          in          out         out         in          in
GET /student                                                out         in          in          in          in          out         out         in          in
GET /system                                                 out         in          in          in          in          out         out         in          in
GET /what_is_kept                                           out         in          in          in          in          out         out         in          in
GET /fonts/{name}                                           out         404         404         404         404         out         out         404         404
GET /login                                                  in          in          in          in          in          in          in          in          in
POST /login                                                 in          in          in          in          in          in          in          in          in
GET /login/school                                           in          in          in          in          in          in          in          in          in
GET /login/school/back                                      in          in          in          in          in          in          in          in          in
GET /invite/{token}                                         in          in          in          in          in          in          in          in          in
POST /invite/{token}                                        in          in          in          in          in          in          in          in          in
GET /my/{token}                                             in          in          in          in          in          in          in          in          in
POST /my/{token}                                            in          in          in          in          in          in          in          in          in
GET /healthz                                                in          in          in          in          in          in          in          in          in
GET /_stcore/health                                         in          in          in          in          in          in          in          in          in
OPTIONS /_stcore/health                                     in          in          in          in          in          in          in          in          in
POST /language                                              in          in          in          in          in          in          in          in          in
POST /logout                                                out         in          in          in          in          out         out         in          in
GET /host                                                   out         303         409         409         409         out         out         409         409
GET /_stcore/metrics                                        out         404         404         404         404         out         out         404         404
OPTIONS /_stcore/metrics                                    out         404         404         404         404         out         out         404         404
GET /_stcore/host-config                                    out         in          in          in          in          out         out         in          in
GET /media/{file_id:path}                                   out         in          in          in          in          out         out         in          in
OPTIONS /media/{file_id:path}                               out         in          in          in          in          out         out         in          in
PUT /_stcore/upload_file/{session_id}/{file_id}             out         in          in          in          in          out         out         in          in
DELETE /_stcore/upload_file/{session_id}/{file_id}          out         in          in          in          in          out         out         in          in
OPTIONS /_stcore/upload_file/{session_id}/{file_id}         out         404         404         404         404         out         out         404         404
GET /component/{path:path}                                  out         404         404         404         404         out         out         404         404
OPTIONS /component/{path:path}                              out         404         404         404         404         out         out         404         404
GET /_stcore/bidi-components/{path:path}                    out         404         404         404         404         out         out         404         404
OPTIONS /_stcore/bidi-components/{path:path}                out         404         404         404         404         out         out         404         404
WEBSOCKET /_stcore/stream                                   out         in          in          in          in          out         out         in          in
GET /auth/login                                             out         404         404         404         404         out         out         404         404
GET /auth/logout                                            out         404         404         404         404         out         out         404         404
GET /oauth2callback                                         out         404         404         404         404         out         out         404         404
ANY /_stcore/agent/interact                                 out         404         404         404         404         out         out         404         404
ANY /_stcore/agent/openapi.json                             out         404         404         404         404         out         out         404         404
ANY /_stcore/agent/mcp                                      out         404         404         404         404         out         out         404         404
ANY /                                                       out         in          in          in          in          out         out         in          in
"""

# The status of the tracker's answer to a program with that person's API token, and without any other secret.
ROUTES = """
door                                                        nobody      teacher     co-teacher  stranger    admin       signed-out  closed      unshared    demoted
POST /api/webhooks/zoom                                     401         401         401         401         401         401         401         401         401
GET /api/zoom/participants                                  401         200         200         403         200         401         401         403         403
POST /api/zoom/participants                                 401         401         401         401         401         401         401         401         401
GET /healthz                                                200         200         200         200         200         200         200         200         200
GET /metrics                                                200         200         200         200         200         200         200         200         200
"""

# Who may run a command has the database in hand, and acts as an admin. WHO is an account that is open, one that is not
# there, and one that is closed; TEACHER, CLASS and others in capitals are there. `refused`: with a sentence, and nothing
# changes. `serves`: it runs until it is stopped, as `tests/test_demo.py` and others have it do. `asks`: its code is what
# it has found.
COMMANDS = """
command                                                                open     not-there  closed
demo                                                                   serves   -          -
up                                                                     serves   -          -
serve                                                                  serves   -          -
dashboard                                                              serves   -          -
doctor                                                                 asks     -          -
user add NEW --role teacher                                            done     -          -
user list                                                              done     -          -
user token WHO                                                         done     refused    refused
user password WHO                                                      done     refused    done
user disable WHO                                                       done     refused    done
user enable WHO                                                        done     refused    done
user role WHO admin                                                    done     refused    done
user remove WHO                                                        done     refused    done
user remove TEACHER --to WHO                                           done     refused    refused
user hand-over WHO --to TEACHER                                        done     refused    done
user hand-over TEACHER --to WHO                                        done     refused    refused
class create --teacher WHO --title T --start 2025-05-14 --minutes 60   done     refused    done
class series --teacher WHO --title T --start 2090-05-02T10:00 --minutes 60 --weekdays tue --until 2090-05-20  done  refused  done
class list                                                             done     -          -
class show CLASS                                                       done     -          -
class share CLASS WHO                                                  done     refused    refused
class share CLASS WHO --undo                                           refused  refused    refused
fetch CLASS                                                            done     -          -
retry CLASS                                                            done     -          -
people CLASS                                                           done     -          -
export CLASS                                                           done     -          -
audit                                                                  done     -          -
person export SOMEBODY                                                 done     -          -
person erase SOMEBODY --yes                                            done     -          -
retention show                                                         done     -          -
retention course Algebra --teacher WHO --days 30                       refused  refused    refused
retention course Algebra --teacher HOLDER --days 30                    done     -          -
roster show Algebra --teacher WHO                                      refused  refused    refused
roster show Algebra --teacher HOLDER                                   done     -          -
roster import Algebra LIST --teacher WHO                               done     refused    done
roster import Algebra LIST --teacher HOLDER                            done     -          -
roster import Algebra LIST --teacher HOLDER --dry-run                  done     -          -
register Algebra --teacher WHO                                         refused  refused    refused
register Algebra --teacher HOLDER                                      done     -          -
course rules Algebra --teacher WHO                                     refused  refused    refused
course rules Algebra --teacher HOLDER                                  done     -          -
course rules Algebra --teacher HOLDER --late-after 10                  done     -          -
mark CLASS bo@x.example --status excused                               done     -          -
mark CLASS bo@x.example --clear                                        done     -          -
report import Algebra REPORT --teacher WHO                             done     refused    done
report import Algebra REPORT --teacher HOLDER                          done     -          -
report import Algebra REPORT --teacher HOLDER --dry-run                done     -          -
support-bundle --out BUNDLE                                            done     -          -
backup FILE                                                            done     -          -
restore FILE                                                           done     -          -
deploy-files FOLDER                                                    done     -          -
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
