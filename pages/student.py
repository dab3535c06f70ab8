"""One student of a course, `/student?id=…`: all her classes, what she was in each, and her own page."""

import streamlit as st

from tracker import courses
from tracker.ui import page, requests_panel, student_links_panel, student_panel, words
from tracker.ui.wiring import services

member = page.gate("Student")
with page.shown_errors():
    shown = courses.student_history(services(), member, st.query_params.get("id", ""))
    page.title_of_tab(shown.row.enrolled.student.name)
    student_panel.way_back(shown)
    st.title(words.markdown(shown.row.enrolled.student.name), anchor=False)
    student_panel.facts(shown)
    requests_panel.of_student(shown)
    student_panel.classes(shown)
    student_panel.change(shown)
    student_links_panel.of_student(shown)
    student_panel.elsewhere(shown)
