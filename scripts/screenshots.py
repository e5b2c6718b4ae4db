"""Pictures of the HTML page and of a comment for the documentation, taken in headless Chromium.

Browsers draw letters each in their own way, so these are not compared with what was committed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.comment import comment_page  # noqa: E402
from scripts.picture import plan_page  # noqa: E402
from tests.support.browser import browser, missing  # noqa: E402

IMAGES = ROOT / "docs/images"
SIZE = {"width": 1000, "height": 900}


def main() -> int:
    """Write docs/images/plan-page-*.png and comment.png; 1 where there is no browser."""
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        file = Path(folder) / "plan.html"
        file.write_text(plan_page(), encoding="utf-8")
        for scheme in ("light", "dark"):
            page = opened.new_page(viewport=SIZE, color_scheme=scheme, device_scale_factor=1.25)
            page.goto(file.as_uri())
            image = IMAGES / f"plan-page-{scheme}.png"
            page.screenshot(path=image)
            sys.stderr.write(f"wrote {image.relative_to(ROOT)}\n")
        page = opened.new_page(viewport={"width": 860, "height": 400}, device_scale_factor=1.25)
        page.set_content(comment_page())
        page.screenshot(path=IMAGES / "comment.png", full_page=True)
        sys.stderr.write("wrote docs/images/comment.png\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
