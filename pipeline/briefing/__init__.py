"""The briefing: two pages to print on a campaign, in both languages, from the same metrics as reports and screens.

`page` gives HTML that stands alone (its style and its chart are inside, nothing is fetched); `as_pdf` prints it with
the Chromium of the machine, which sets Chinese and Latin type better than what pure-Python PDF libraries do.
"""

from pipeline.briefing.facts import Facts, gather, narrowed
from pipeline.briefing.page import page
from pipeline.briefing.printing import as_pdf, finds_browser

__all__ = ["Facts", "as_pdf", "finds_browser", "gather", "narrowed", "page"]
