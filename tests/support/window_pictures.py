"""Pictures of workbooks in a real window: `python tests/support/window_pictures.py FOLDER BOOK.xlsx[:SHEET] ...`.

Each is what LibreOffice shows on a screen of 1440 x 900 at 100 %, drawn by Xvfb. SHEET counts from 0; without it the
picture is of the sheet at which the workbook opens. Takes Xvfb, LibreOffice and Pillow.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

SCREEN = (1440, 900)
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/Office/Factories/org.openoffice.Setup:Factory['com.sun.star.sheet.\
SpreadsheetDocument']"><prop oor:name="ooSetupFactoryWindowAttributes" oor:op="fuse"><value>0,0,{0},{1};1;0,0,0,0;\
</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="FirstRun" oor:op="fuse"><value>false</value>\
</prop><prop oor:name="ShowTipOfTheDay" oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Setup/Product"><prop oor:name="ooSetupLastVersion" oor:op="fuse"><value>99.9</value>\
</prop><prop oor:name="LastTimeGetInvolvedShown" oor:op="fuse"><value>9999999999</value></prop>\
<prop oor:name="LastTimeDonateShown" oor:op="fuse"><value>9999999999</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0\
</value></prop></item>
</oor:items>"""


def draw(book: Path, sheet: int | None, picture: Path, display: str, seconds: float = 8.0) -> None:
    """Open a book in a window of its own, and save what the screen shows."""
    from PIL import ImageGrab

    with TemporaryDirectory(prefix="byhand-window-") as temporary:
        profile = Path(temporary, "profile", "user")
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(SETTINGS.format(*SCREEN))
        copy = Path(temporary, book.name)
        _copy_at(book, sheet, copy)
        command = ["soffice", f"-env:UserInstallation={profile.parent.as_uri()}", "--norestore", "--nologo"]
        office = subprocess.Popen(
            [*command, "--calc", str(copy)], env=os.environ | {"DISPLAY": display}, start_new_session=True
        )
        try:
            before = None
            deadline = time.monotonic() + 90
            time.sleep(seconds)
            while time.monotonic() < deadline:  # until nothing changes on the screen for two seconds
                now = ImageGrab.grab(xdisplay=display)
                if (
                    before is not None
                    and now.tobytes() == before.tobytes()
                    and len(set(now.resize((64, 40)).get_flattened_data())) > 20
                ):
                    break
                before = now
                time.sleep(2)
            picture.parent.mkdir(parents=True, exist_ok=True)
            now.save(picture)
        finally:
            os.killpg(office.pid, 15)
            office.wait()


def _copy_at(book: Path, sheet: int | None, copy: Path) -> None:
    """Copy a workbook so that it opens at a sheet."""
    with ZipFile(book) as whole, ZipFile(copy, "w") as other:
        for name in whole.namelist():
            data = whole.read(name)
            if sheet is not None and name == "xl/workbook.xml":
                data = re.sub(rb' activeTab="\d+"', b"", data)
                data = data.replace(b"<workbookView ", b'<workbookView activeTab="%d" ' % sheet)
            if sheet is not None and name.startswith("xl/worksheets/sheet"):
                data = data.replace(b' tabSelected="1"', b"")
            other.writestr(name, data)


def main(arguments: list[str]) -> None:
    """Draw the pictures that are asked for into a folder."""
    folder = Path(arguments[0])
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-noreset", "-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert screen.stdout
    display = f":{screen.stdout.readline().strip()}"
    try:
        for argument in arguments[1:]:
            name, _, sheet = argument.partition(":")
            picture = folder / f"{Path(name).stem}{'-' + sheet if sheet else ''}.png"
            draw(Path(name), int(sheet) if sheet else None, picture, display)
            print(picture, flush=True)
    finally:
        screen.terminate()
        screen.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
