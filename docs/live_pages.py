"""A hook of the documentation site: it writes the page of every model, to which the index of pages is linked."""

from pathlib import Path
from typing import Any

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.page.build import write_page


def on_post_build(config: dict[str, Any]) -> None:
    """Write pages/live/NAME.html for each model once the site is built."""
    folder = Path(config["site_dir"], "pages", "live")
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        write_page(build(Recipe(name)), folder / f"{name}.html")
