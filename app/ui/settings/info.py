"""Rows that tell instead of asking: privacy, shortcuts, what this program is made of."""

import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import QUrl, qVersion
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QWidget

from app import __version__
from app.core.language import mark, tr
from app.ui.settings.rows import Row, TextRow
from app.ui.widgets import button, label

# What is no command: these keys belong to where the focus is.
_FIELD_KEYS = (
    ("Enter", mark("Send the question")),
    ("Shift+Enter", mark("A new line in the question")),
    ("Ctrl+Enter", mark("Send a question that is edited")),
    ("Esc", mark("Stop the answer, close a panel, or give up opening a file")),
    (mark("Alt+1 to Alt+4"), mark("Answer when a tool asks, in the order of the buttons")),
    ("Ctrl+F", mark("Find in the chat, the models or the settings")),
    ("F2, Del", mark("In the list of chats: rename, put in the trash")),
)
_PARTS = (
    ("llama-cpp-python with llama.cpp", "llama_cpp_python", "MIT"),
    ("PySide6 (Qt)", "PySide6_Essentials", "LGPL-3.0"),
    ("huggingface_hub", "huggingface_hub", "Apache-2.0"),
    ("Jinja", "jinja2", "BSD-3-Clause"),
    ("markdown-it-py", "markdown-it-py", "MIT"),
    ("Pygments", "Pygments", "BSD-2-Clause"),
    ("ziamath", "ziamath", "MIT"),
    ("keyring", "keyring", "MIT"),
    ("lxml", "lxml", "BSD-3-Clause"),
    ("readability-lxml", "readability-lxml", "Apache-2.0"),
    ("HTTPX and HTTPCore", "httpx2", "BSD-3-Clause"),
    ("NumPy", "numpy", "BSD-3-Clause"),
    ("psutil", "psutil", "BSD-3-Clause"),
    ("Model Context Protocol SDK", "mcp", "MIT"),
)


def privacy_rows() -> list[Row]:
    return [
        TextRow(
            tr("Nothing is sent about you"),
            tr(
                "The program has no telemetry and no accounts. Chats, files and "
                "settings stay on this machine; the model runs here."
            ),
            name="telemetry",
        ),
        TextRow(
            tr("What goes over the network"),
            tr(
                "Only what you start: searching and listing models, reading a "
                "model's header, and downloads. They go to the Hub's address under "
                "Network, and from there to the hosts that it names for the files. "
                "Your access token goes to the Hub alone. Tools fetch pages and "
                "search the web when you allow it; each host is in the list below. "
                "What the programs that you run as MCP servers do on the network is "
                "their own affair and is not in the list."
            ),
            name="hosts",
        ),
    ]


def shortcut_rows(keys: Sequence[tuple[str, str]]) -> list[Row]:
    """keys: those of commands."""
    shown = (*keys, *((tr(key), tr(what)) for key, what in _FIELD_KEYS))
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 4, 0, 0)
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    for number, (key, what) in enumerate(shown):
        grid.addWidget(label(key, "strong"), number, 0)
        grid.addWidget(label(what, "muted", wrap=True), number, 1)
    words = " ".join(f"{key} {what}" for key, what in shown)
    row = TextRow(tr("Keys"), "", table, name="shortcuts")
    row.add_words(words)
    return [row]


def about_rows(settings_file: Path, log_folder: Path) -> list[Row]:
    parts = "\n".join(
        f"{title} {_version(package)} · {licence}" for title, package, licence in _PARTS
    )
    return [
        TextRow(
            tr("GLM Launcher {version}", version=__version__),
            tr(
                "MIT licence · Python {python_version} · Qt {qversion}",
                python_version=platform.python_version(),
                qversion=qVersion(),
            ),
            name="version",
        ),
        TextRow(
            tr("Where things are kept"),
            tr(
                "Settings: {settings_file}\nLog: {log_folder}",
                settings_file=settings_file,
                log_folder=log_folder,
            ),
            button(
                tr("Open the log folder"),
                "openLogFolder",
                on_click=lambda: _open(log_folder),
            ),
            name="places",
        ),
        TextRow(tr("Made with"), parts, name="parts"),
        TextRow(
            tr("Data that ships with it"),
            tr(
                "Sizes and quality of quantizations, GPUs and measured speeds: the "
                "files in resources/ name the source and licence of each."
            ),
            name="data",
        ),
    ]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return tr("(not installed)")


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
