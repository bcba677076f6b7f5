"""The files of a question in the conversation: cards above its bubble, on the right like it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.core.messages import AttachmentPart
from app.ui.chat.attachments.chip import FileChip
from app.ui.chat.attachments.file_words import part_detail
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown

GAP = 8
GUESSED_ROW = 48 + GAP


class SentFiles(QWidget):
    """opened: the text of one is to be shown."""

    opened = Signal(object)

    def __init__(
        self, look: Look, parts: Sequence[AttachmentPart], number: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"sentFiles-{number}")
        self.setAccessibleName(tr("Files of the question"))
        self.chips: list[FileChip] = []
        for part in parts:
            chip = FileChip(look, with_hidden_shown(part.name) or tr("file"), self)
            chip.show_detail(part_detail(part))
            chip.open.setEnabled(bool(part.text))
            chip.open_wanted.connect(lambda part=part: self.opened.emit(part))
            self.chips.append(chip)
        self.setVisible(bool(self.chips))

    def height_for(self, width: int) -> int:
        """Places the cards; with the gap below them, 0 for none."""
        rows: list[list[FileChip]] = []
        room = 0
        for chip in self.chips:
            wanted = min(width, chip.sizeHint().width())
            if not rows or wanted > room:
                rows.append([])
                room = width
            rows[-1].append(chip)
            room -= wanted + GAP
        top = 0
        for row in rows:
            left = width
            for chip in reversed(row):
                size = chip.sizeHint()
                wanted = min(width, size.width())
                left -= wanted
                chip.setGeometry(left, top, wanted, size.height())
                left -= GAP
            top += row[0].sizeHint().height() + GAP
        return top
