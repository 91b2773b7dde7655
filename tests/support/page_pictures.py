"""The pictures of pages in the documentation: `python tests/support/page_pictures.py` draws all of them again.

With names of models after it, only theirs.

Each is the page's first screen, or a cell that is followed, as the browser shows it; small, since there are many.
Takes Pillow.
"""

from __future__ import annotations

import sys
from pathlib import Path

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.page.build import write_page

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "pictures" / "pages"
LARGE = {
    "page-gpt2": (Recipe("gpt2", prompt="the cat sat"), "#cell=layer1.head1.scores[2,1]"),
    "page-start": (Recipe("gpt2", prompt="the cat sat"), ""),
    "page-gradients": (Recipe("attention", backward=True), "#cell=grad.W_Q[1,1]"),
}
"""The pictures in the text: the lesson, and the cell that is followed."""


def draw(folder: Path, only: list[str]) -> None:
    """Draw the pictures of the text, and a small one for each model; or of some models."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    from support.browser import BROWSER

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        small = browser.new_page(viewport={"width": 1200, "height": 720}, device_scale_factor=0.4)
        for name in only or MODELS:
            path = folder / f"{name}.html"
            write_page(build(Recipe(name)), path)
            small.goto(path.as_uri())
            small.wait_for_timeout(150)
            small.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=70)
        large = browser.new_page(viewport={"width": 1200, "height": 720}, device_scale_factor=0.75)
        for name, (recipe, link) in ({} if only else LARGE).items():
            path = folder / f"{name}.html"
            write_page(build(recipe), path)
            large.goto(path.as_uri() + link)
            large.wait_for_timeout(400)
            picture = DOCS / "pictures" / f"{name}.png"
            large.screenshot(path=picture)
            Image.open(picture).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(picture, optimize=True)
        browser.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as temporary:
        draw(Path(temporary), sys.argv[1:])
