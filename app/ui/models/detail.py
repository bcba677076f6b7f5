"""Below the table: the selected quantization, and what can be done with it."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.chat.load.memory_bar import MemoryRowView
from app.ui.chat.load.words import LEGEND
from app.ui.look import Look
from app.ui.models import words
from app.ui.models.rows import Line
from app.ui.widgets import button, card, label, plain_tip

_MOST_MEMORIES = 4


@dataclass(frozen=True)
class Files:
    """Of a quantization. hashed: None while the files were not listed."""

    names: tuple[str, ...] = ()
    hashed: bool | None = None


class Detail(QWidget):
    get_wanted = Signal(str)
    load_wanted = Signal(str)
    page_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("quantDetail")
        self._look = look
        self._line: Line | None = None
        self._memories: list[MemoryRowView] = []
        self.name = label("", "strong", name="detailName")
        self.files = label("", "small", name="detailFiles", wrap=True)
        self.where = label("", "fine", name="detailWhere", wrap=True)
        self.notes = label("", "small", name="detailNotes", wrap=True)
        self.get = button(tr("Download"), "detailGet", on_click=lambda: self._emit("get"))
        self.page = button(tr("On the Hub"), "detailPage", on_click=lambda: self._emit("page"))
        self.page.setToolTip(tr("Opens the files' page in the browser"))
        self.more = button(tr("Memory"), "detailMore", tooltip=tr("What it takes of each memory"))
        self.more.setCheckable(True)
        self.more.toggled.connect(lambda _: self._show_memories())
        self._fold = QWidget()
        self._fold.setObjectName("detailMemories")
        self._memory = QVBoxLayout(self._fold)
        self._memory.setContentsMargins(0, 8, 0, 0)
        self._memory.setSpacing(12)
        self._legend = label(tr(LEGEND), "small", name="detailLegend", wrap=True)
        self._fold.hide()
        self._build()

    def set_stacked(self, on: bool) -> None:
        way = QBoxLayout.Direction.TopToBottom if on else QBoxLayout.Direction.LeftToRight
        self._head.setDirection(way)
        if on and self._buttons.count() == 3:
            self._buttons.addStretch(1)
        elif not on and self._buttons.count() == 4:
            self._buttons.takeAt(3)

    def show_line(self, line: Line | None, files: Files, get_text: str) -> None:
        """None hides it."""
        self._line = line
        self.setVisible(line is not None)
        if line is None:
            return
        candidate, row = line.row.offer.candidate, line.row.row
        self.name.setText(line.row.quant)
        self.files.setText(
            words.files_line(candidate, row.quality if row else None, files.names, files.hashed)
        )
        self.files.setToolTip(plain_tip("\n".join(files.names[:40])))
        if row is None:
            self.where.setText(str(line.row.problem))
        else:
            told = tr(
                "{placement_text} Answers at {speed_words}.",
                placement_text=words.placement_text(row.plan),
                speed_words=words.speed_words(row.plan),
            )
            told = told if row.plan.speed is not None else words.placement_text(row.plan)
            self.where.setText(told)
        notes = words.detail_notes(row, line.row.offer.warning) if row is not None else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.get.setText(tr("Load") if line.installed else get_text)
        self.get.setAccessibleName(f"{self.get.text()}: {line.row.quant}")
        self.get.setVisible(line.installed or bool(get_text))
        self.page.setAccessibleName(tr("{quant} on the Hub", quant=line.row.quant))
        self._show_memories()

    def _show_memories(self) -> None:
        row = self._line.row.row if self._line is not None else None
        on = self.more.isChecked() and row is not None
        self._fold.setVisible(on)
        if not on or row is None:
            return
        rows = words.grouped(words.bars(row.plan))[:_MOST_MEMORIES]
        while len(self._memories) < len(rows):
            view = MemoryRowView(self._look, len(self._memories) + 1)
            view.setObjectName(f"detailMemory-{len(self._memories) + 1}")
            self._memory.insertWidget(len(self._memories), view)
            self._memories.append(view)
        for index, view in enumerate(self._memories):
            view.setVisible(index < len(rows))
            if index < len(rows):
                view.show_row(rows[index])

    def _emit(self, what: str) -> None:
        if self._line is None:
            return
        quant = self._line.row.quant
        if what == "page":
            self.page_wanted.emit(quant)
        elif self._line.installed:
            self.load_wanted.emit(quant)
        else:
            self.get_wanted.emit(quant)

    def _build(self) -> None:
        frame = card(name="detailCard")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        title = QHBoxLayout()
        title.setSpacing(12)
        title.addWidget(self.name)
        title.addWidget(self.files, 1)
        texts.addLayout(title)
        texts.addWidget(self.where)
        texts.addWidget(self.notes)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        for which in (self.more, self.page, self.get):
            self._buttons.addWidget(which)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(12)
        self._head.addLayout(texts, 1)
        self._head.addLayout(self._buttons)
        self._memory.addWidget(self._legend)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 10, 12, 10)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addWidget(self._fold)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
