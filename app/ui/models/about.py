"""What the model is: sentences, its make, sampling advice, benchmarks and links."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.catalog.cards import Card, Sampling
from app.core.language import mark, tr
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.models.chart import BenchmarkChart
from app.ui.models.model_words import architecture_rows, source_line
from app.ui.widgets import button, card, label, plain_tip

_NAMES = {
    "temperature": mark("temperature"),
    "top_p": "top-p",
    "top_k": "top-k",
    "min_p": "min-p",
    "repeat_penalty": mark("repeat penalty"),
}


def open_link(url: str) -> None:
    """In the browser; only https."""
    if url.startswith("https://"):
        QDesktopServices.openUrl(QUrl(url))


def sampling_row(advice: Sampling) -> tuple[str, str]:
    """What for, and the values."""
    values = tr(", ").join(
        f"{tr(_NAMES.get(name, name))} {value:g}" for name, value in advice.parameters
    )
    return tr(advice.use).capitalize(), values


class About(QWidget):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelAbout")
        self._look = look
        self._text = label("", name="aboutText", wrap=True)
        self._remarks = label("", "small", name="aboutRemarks", wrap=True)
        self._links = Flow(8)
        self._make = _Facts(tr("Make"), "aboutMake")
        self._sampling = _Facts(tr("Sampling that its makers advise"), "aboutSampling")
        self.chart = BenchmarkChart(look)
        self._current = label("", "fine", name="benchmarkText", wrap=True)
        self._current.setMinimumHeight(36)
        self._current.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._sources = label("", "small", name="benchmarkSources", wrap=True)
        self.chart.current_changed.connect(self._current.setText)
        self._benchmarks = self._benchmark_card()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._text)
        column.addWidget(self._remarks)
        column.addWidget(self._links)
        column.addWidget(self._make)
        column.addWidget(self._sampling)
        column.addWidget(self._benchmarks)
        column.addStretch(1)

    def show_card(self, made: Card) -> None:
        self._text.setText(tr(made.about))
        self._remarks.setText("\n".join(map(tr, made.remarks)))
        self._remarks.setVisible(bool(made.remarks))
        buttons: list[QWidget] = []
        for number, link in enumerate(made.links, 1):
            one = button(tr(link.title), f"modelLink-{number}", tooltip=link.url)
            one.setIcon(self._look.icon("external", "muted"))
            one.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            one.clicked.connect(lambda *_, url=link.url: open_link(url))
            buttons.append(one)
        self._links.replace(buttons)
        make = made.architecture
        self._make.setVisible(make is not None)
        if make is not None:
            self._make.show_rows(architecture_rows(make.value), source_line(make))
        advice = made.sampling
        self._sampling.setVisible(advice is not None)
        if advice is not None:
            rows = tuple(sampling_row(one) for one in advice.value)
            self._sampling.show_rows(rows, source_line(advice))
        self._benchmarks.setVisible(bool(made.benchmarks))
        self.chart.show_sets(made.benchmarks)
        self._current.setText(
            tr("Point at a test, or use the arrow keys, to read its figures.")
            if made.benchmarks
            else ""
        )
        told = (
            tr("{title}: {source}.", title=tr(one.title), source=tr(one.source))
            for one in made.benchmarks
        )
        self._sources.setText("\n".join(told))

    def _benchmark_card(self) -> QWidget:
        frame = card(name="benchmarkCard")
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(label(tr("Benchmarks"), "strong", name="benchmarkTitle"))
        column.addWidget(self._current)
        column.addWidget(self.chart)
        column.addWidget(self._sources)
        return frame


class _Facts(QWidget):
    """Pairs of a name and a value, and where they are from."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        frame = card(name=f"{name}Card")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._name = name
        self._source = label("", "small", name=f"{name}Source", wrap=True)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(label(title, "strong", name=f"{name}Title"))
        column.addLayout(self._grid)
        column.addWidget(self._source)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def show_rows(self, rows: tuple[tuple[str, str], ...], source: str) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for at, (name, value) in enumerate(rows):
            key = label(name, "muted", name=f"{self._name}Key-{at + 1}")
            key.setMinimumWidth(112)
            text = label(value, name=f"{self._name}Value-{at + 1}", wrap=True)
            text.setToolTip(plain_tip(source))
            self._grid.addWidget(key, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, at, 1)
        self._source.setText(source)
