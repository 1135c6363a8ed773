"""The frame: page setup, language, navigation. `streamlit run app.py`, or `dgwatch serve`."""

from __future__ import annotations

from functools import partial

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from pages.shared import data, frame, url
from pages.shared.server import ahead
from pages.shared.server.packed import PackedFiles

PAGES = (
    "campaign",
    "map",
    "backlog",
    "clearance",
    "dwell",
    "ports",
    "pilots",
    "rebound",
    "safety",
    "warning",
    "border",
    "batch",
    "trust",
    "methodology",
)
"""The screens in the order of the navigation; each is pages/<name>.py, served as /<name>."""


def _start() -> None:
    st.switch_page("pages/campaign.py", query_params=url.here("campaign"))


def main() -> None:
    """One run of the frame, then the page."""
    words = frame.words()
    st.set_page_config(
        page_title="dgwatch",
        page_icon=frame.icon(),
        layout="wide",
        menu_items={"about": words("about")},
    )
    frame.mark()
    url.take()
    data.refresh()
    start = st.Page(_start, title="dgwatch", url_path="start", default=True, visibility="hidden")
    page = st.navigation([start, *frame.screens(PAGES)], expanded=True)
    frame.return_to_wanted()
    frame.style()
    if page.url_path:
        url.write(page.url_path)
        with st.sidebar:
            frame.language_switch()
        frame.sample_banner()
    page.run()


if __name__ == "__main__":
    main()
else:
    # What `streamlit run` serves: it finds the name, and runs this file as the script of every session.
    app = App(__file__, lifespan=partial(ahead.lifespan, pages=PAGES), middleware=[Middleware(PackedFiles)])
