"""A part of the machine: a title, and its facts in two columns."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from app.ui.widgets import label


class SectionCard(QFrame):
    def __init__(
        self, name: str, title: str, rows: Sequence[tuple[str, str]], empty: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName(f"section-{name}")
        self.setProperty("card", "true")
        self.setAccessibleName(". ".join([title, *(f"{key}: {value}" for key, value in rows)]))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for number, (key, value) in enumerate(rows):
            grid.addWidget(label(key, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            shown = label(value, name=f"section-{name}-{number}", wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(shown, number, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        column.addWidget(label(title, "strong", wrap=True))
        if rows:
            column.addLayout(grid)
        elif empty:
            column.addWidget(label(empty, "muted", wrap=True))
        column.addStretch(1)
