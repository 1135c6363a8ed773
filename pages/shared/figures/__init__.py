"""Frames -> figures. Nothing here knows Streamlit; every figure says its units."""
