"""Pages inside the page: each in a frame of its own, cut off from everything around it."""

from __future__ import annotations

import streamlit as st

# Pixels, where the screen has as many.
HEIGHT = 900
# Streamlit's own frame shares the page's origin, so that a script inside could reach all of it.
# This one has none: a report may sort its tables and hand out its CSV, and nothing more.
_MOUNT = """export default function ({ parentElement, data }) {
  let frame = parentElement.querySelector("iframe");
  if (!frame) {
    frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.style.cssText = "display:block;width:100%;border:0";
    parentElement.append(frame);
  }
  frame.title = data.title;
  frame.style.height = `min(${data.height}px, 85vh)`;
  if (frame.srcdoc !== data.html) frame.srcdoc = data.html;
}"""


def embed(html: str, title: str) -> None:
    """Show a page inside the page.

    Parameters
    ----------
    html : str
        All of it.
    title : str
        What a reader of the screen hears of it.
    """
    # Registered at each run: a server knows what was registered with it alone.
    framed = st.components.v2.component("gliaboost_framed", js=_MOUNT)
    framed(data={"html": html, "title": title, "height": HEIGHT}, key=f"framed {title}")
