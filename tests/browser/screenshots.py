"""Pictures of the dashboard for the documentation: every screen, wide and on a phone, light and dark.

    python tests/browser/screenshots.py LAKE [FOLDER]

Takes the lake of `dgwatch demo` or any other; looks at the middle of the special action of 2022, when there is
most to see. Pictures are quantised, so that a repository can hold them.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from serving import CHROMIUM_FLAGS, chromium, serving, settle

from pipeline.metrics import Filters, Reader
from pipeline.settings import ROOT, Settings

AS_OF = "as_of=2022-08-20T04:00Z"
LOOKS: dict[str, dict[str, int | str]] = {
    "wide-light-en": {"width": 1440, "height": 1500, "theme": "light", "language": "en"},
    "wide-dark-zh": {"width": 1440, "height": 1500, "theme": "dark", "language": "zh"},
    "phone-light-zh": {"width": 390, "height": 1500, "theme": "light", "language": "zh"},
    "phone-dark-en": {"width": 390, "height": 1500, "theme": "dark", "language": "en"},
}
COLOURS = 256


def screens(lake: Path) -> dict[str, str]:
    """The address of every screen, with something to see on it."""
    reader = Reader(Settings(lake))
    batch = reader.query("findings", Filters())["consignment_id"].iloc[0]
    return {
        "campaign": f"campaign?{AS_OF}",
        "map": "map?day=2022-06-20",
        "backlog": f"backlog?{AS_OF}&window=365",
        "clearance": "clearance",
        "dwell": "dwell",
        "ports": "ports",
        "pilots": "pilots",
        "rebound": "rebound",
        "warning": f"warning?{AS_OF}",
        "border": "border?window=365",
        "safety": f"safety?{AS_OF}",
        "yard": f"safety?desk=plan&{AS_OF}",
        "batch": f"batch?consignment={batch}",
        "trust": "trust?",
        "methodology": "methodology?family=yard",
    }


def picture(browser: Browser, address: str, look: dict[str, int | str], file: Path) -> None:
    """One screen as PNG."""
    context = browser.new_context(
        viewport={"width": int(look["width"]), "height": int(look["height"])},
        color_scheme="dark" if look["theme"] == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}{'&' if '?' in address else '?'}lang={look['language']}")
    settle(page)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=60_000)
    page.wait_for_timeout(1_500)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    context.close()


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "data" / "screenshots")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with serving(chosen.lake) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for name, path in screens(chosen.lake).items():
            for look, settings in LOOKS.items():
                picture(browser, f"{server}/{path}", settings, chosen.folder / f"{name}-{look}.png")
        browser.close()


if __name__ == "__main__":
    main()
