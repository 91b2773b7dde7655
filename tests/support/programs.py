"""Files as other programs save them."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import ironcalc
import openpyxl


def saved_by(program: str, path: Path, folder: Path) -> Path:
    """The workbook as a program (libreoffice, gnumeric, ironcalc, openpyxl) saves it anew, in a folder of its own."""
    target = folder / program / path.name
    target.parent.mkdir(exist_ok=True)
    if program == "openpyxl":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            openpyxl.load_workbook(path).save(target)
    elif program == "ironcalc":
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
        model.evaluate()
        model.save_to_xlsx(str(target))
    else:
        command = ["ssconvert", "--export-type=Gnumeric_Excel:xlsx", str(path), str(target)]
        if program == "libreoffice":
            profile = f"-env:UserInstallation={(folder / 'profile').absolute().as_uri()}"
            command = ["soffice", profile, "--headless", "--norestore", "--convert-to", "xlsx"]
            command += ["--outdir", str(target.parent), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return target
