"""A choice of a few that is in the page's address, by its code: a link to what is shown is good in every language."""

from collections.abc import Mapping

import streamlit as st


def in_address(key: str, label: str, options: Mapping[str, str], usual: str, *, labelled: bool = True) -> str:
    """Draws the choice between these codes, each with its label, and returns the code that is chosen.

    `key` is its name in the address, where the usual one is not said.
    """
    wanted, said = st.query_params.get(key, usual), f"{key}-in-address"
    # The address says it where somebody has come by it, as by going back.
    if key not in st.session_state or st.session_state[key] not in options or st.session_state.get(said) != wanted:
        st.session_state[key] = wanted if wanted in options else usual
    chosen = st.segmented_control(
        label,
        list(options),
        required=True,
        format_func=options.__getitem__,
        key=key,
        label_visibility="visible" if labelled else "collapsed",
    )
    code = chosen if chosen is not None and chosen in options else usual
    st.session_state[said] = code
    if code != usual:
        st.query_params[key] = code
    elif key in st.query_params:
        del st.query_params[key]
    return code
