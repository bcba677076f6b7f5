"""Pictures of the real window for the README: `python tests/screenshots.py OUT_DIR [NAME ...]`.

Offscreen, with the real demo model or with content written for the picture. Without names all of
them are drawn. Waits on conditions, never for a time.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_SCALE_FACTOR", "1")
_HERE = Path(__file__).resolve().parent
# Folders beside this file are called like modules of Python.
sys.path[:] = [str(_HERE.parent), *(path for path in sys.path if Path(path) != _HERE)]

_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<alias binding="strong"><family>sans-serif</family><prefer><family>Inter</family>
<family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="strong"><family>Sans Serif</family><prefer><family>Inter</family>
<family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="strong"><family>monospace</family><prefer><family>JetBrains Mono</family></prefer>
</alias></fontconfig>"""
_SCREEN = """{"screens": [{"name": "picture", "x": 0, "y": 0, "width": 3840, "height": 2400,
"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}]}"""


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        fonts = home / "fonts.conf"
        fonts.write_text(_FONTS, encoding="utf-8")
        screen = home / "screen.json"
        screen.write_text(_SCREEN, encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
        # Qt and the program are imported when the surroundings are made.
        from tests.pictures.all import PICTURES

        for name in names or list(PICTURES):
            place = home / name
            for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
                os.environ[variable] = str(place / variable)
            PICTURES[name](folder, place)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python tests/screenshots.py OUT_DIR [NAME ...]")
    main(Path(sys.argv[1]), sys.argv[2:])
