"""The page New class: plans a class, with a Zoom meeting that is made or that a pasted link names."""

import streamlit as st

from tracker import auth, classes
from tracker.errors import InvalidInput
from tracker.ui import page, people
from tracker.ui.plan import fresh_plan, plan_fields
from tracker.ui.wiring import services

MADE = "made-class"
NEW_MEETING, LINK = "Make a new Zoom meeting", "Use a meeting that exists"

member = page.gate("New class")
# A list that is there before Zoom is asked: an impatient second click ends this run at its next call to Streamlit,
# and writing into the session state is such a call. Kept in the list, the class is made once.
made: list[str] = st.session_state.setdefault(MADE, [])
if made:
    st.switch_page(page.CLASS, query_params={"id": made.pop()})

st.title("New class", anchor=False)
with st.container(width=760):
    plan = plan_fields(fresh_plan(), "new")
    teacher = member
    with page.shown_errors():
        if member.is_admin:
            others = [one for one in page.read(auth.list_members) if one.id != member.id and one.disabled_at is None]
            teacher = st.selectbox("Teacher", [member, *others], format_func=people.named, key="new-teacher")
        known = page.read(classes.list_courses, teacher)
    course = st.selectbox(
        "Course (optional)", known, None, accept_new_options=True, key="new-course", placeholder="Choose or type a name"
    )
    source = st.radio("Zoom meeting", [NEW_MEETING, LINK], key="new-source", horizontal=True)
    link = None
    if source == LINK:
        link = st.text_input(
            "Zoom link or meeting ID",
            key="new-link",
            placeholder="https://zoom.us/j/1234567890",
            help="The invitation link of the meeting. A class that was held already can be taken in this way too.",
        )
    if st.button("Create class", type="primary", icon=":material/add_circle:"):
        with page.shown_errors(), st.spinner("Asking Zoom …"):
            if source == LINK and not (link or "").strip():
                raise InvalidInput("link_not_pasted")
            if source == NEW_MEETING and plan.checked().start < services().now():
                raise InvalidInput("start_passed")
            made.append(
                classes.create_class(services(), page.acting(), plan, teacher=teacher, link=link, course=course)
            )
        st.rerun()
