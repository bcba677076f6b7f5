"""What a GPU, the memory or the processor does right now."""

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.core.language import tr
from app.core.units import gigabytes
from app.hardware.live_types import LiveGpu, LiveSample
from app.ui.hardware.spark import Spark
from app.ui.look import Look
from app.ui.widgets import label, restyle


@dataclass(frozen=True)
class Reading:
    """title: what it is of. figure: in words. share: of the bar, None for unknown. load: of the
    line. details: in quiet letters. stale: these are the last figures that there were."""

    title: str
    figure: str
    share: float | None
    load: float | None
    details: str = ""
    stale: bool = False


class LiveCard(QFrame):
    def __init__(self, look: Look, name: str, token: str) -> None:
        super().__init__()
        self.setObjectName(f"live-{name}")
        self.setProperty("card", "true")
        self._title = label("", "strong", name=f"live-{name}-title", wrap=True)
        self._figure = label("", "small", name=f"live-{name}-figure", wrap=True)
        self._bar = QProgressBar()
        self._bar.setObjectName(f"live-{name}-bar")
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._spark = Spark(look, token, f"live-{name}-line")
        self._details = label("", "small", name=f"live-{name}-details", wrap=True)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._figure)
        column.addWidget(self._bar)
        column.addWidget(self._spark)
        column.addWidget(self._details)

    def show_reading(self, reading: Reading) -> None:
        self._title.setText(reading.title)
        self._figure.setText(reading.figure)
        self._bar.setVisible(reading.share is not None)
        self._bar.setValue(round(1000 * (reading.share or 0.0)))
        self._bar.setAccessibleName(f"{reading.title}: {reading.figure}")
        self._spark.add(None if reading.stale else reading.load)
        self._details.setText(reading.details)
        self._details.setVisible(bool(reading.details))
        restyle(self._figure, "tone", "bad" if reading.stale else "small")
        self.setAccessibleName(f"{reading.title}: {reading.figure}. {reading.details}")

    def clear_line(self) -> None:
        self._spark.clear()


def ram_reading(sample: LiveSample) -> Reading:
    total, free = sample.memory_total_bytes, sample.memory_available_bytes
    if total is None or free is None:
        return Reading(tr("RAM"), tr("unknown"), None, None)
    used = max(0, total - free)
    figure = tr("{used} of {total} used", used=gigabytes(used), total=gigabytes(total))
    return Reading(tr("RAM"), figure, used / total, used / total)


def cpu_reading(sample: LiveSample) -> Reading:
    percent = sample.cpu_percent
    if percent is None:
        return Reading(tr("Processor"), tr("load not known yet"), None, None)
    return Reading(
        tr("Processor"), tr("{percent:.0f}% busy", percent=percent), percent / 100, percent / 100
    )


def gpu_reading(gpu: LiveGpu) -> Reading:
    """The bar is its memory, the line its load."""
    title = gpu.name or tr("GPU {index}", index=gpu.index)
    if gpu.state == "lost":
        return Reading(
            title, tr("lost: restart the computer"), None, None, tr(gpu.error), stale=True
        )
    if gpu.total_bytes and gpu.used_bytes is not None:
        figure = tr(
            "{used} of {total} used",
            used=gigabytes(gpu.used_bytes),
            total=gigabytes(gpu.total_bytes),
        )
        share: float | None = gpu.used_bytes / gpu.total_bytes
    else:
        figure, share = tr("memory unknown"), None
    if gpu.stale:
        figure += tr(" (last known)")
    load = None if gpu.load_percent is None else gpu.load_percent / 100
    parts = (
        None if gpu.load_percent is None else tr("{percent:.0f}% busy", percent=gpu.load_percent),
        None if gpu.temperature_celsius is None else f"{gpu.temperature_celsius} °C",
        None if gpu.power_watts is None else f"{gpu.power_watts:.0f} W",
        None if gpu.fan_percent is None else tr("fan {fan_percent}%", fan_percent=gpu.fan_percent),
        tr(gpu.error) or None,
    )
    details = " · ".join(part for part in parts if part)
    return Reading(title, figure, share, load, details, gpu.stale)
