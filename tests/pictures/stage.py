"""What every picture needs: a window, patience, and a file for each theme."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QPoint
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from app.bootstrap import build
from app.chat.services import Services
from app.chat.store.store import ChatStore
from app.core.messages import Message, TextPart
from app.core.paths import demo_model_path
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Machine
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.pages import page_builders
from app.ui.shell import CHAT, PLACES, Builders

if TYPE_CHECKING:
    from app.ui.look import ThemeChoice

TIMEOUT_SECONDS = 120.0
WIDTH, HEIGHT = 1280, 800
WORKSTATION = "workstation-256gb-3090"
EARLIER = ("写一封感谢信", "Rust lifetimes, explained", "Regex for invoice numbers")


def machine(name: str) -> Machine:
    """A recorded one."""
    return load_machine(next(path for path in shipped_machines() if path.stem == name))


def wait(condition: Callable[[], object], what: str) -> None:
    app, end = application(), time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        if time.monotonic() > end:
            raise TimeoutError(f"waited too long for {what}")
    app.processEvents()


def save(
    desktop: Desktop,
    folder: Path,
    name: str,
    above: Sequence[QWidget] = (),
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """above: windows of their own that stand over it. prepare: called when the theme is there."""
    themes: tuple[ThemeChoice, ...] = ("light", "dark")
    for theme in themes:
        desktop.look.choose(theme)
        prepare()
        for _ in range(3):
            QApplication.processEvents()
        picture = desktop.window.grab()
        for widget in above:
            _put(picture, widget, desktop.window.mapFromGlobal(widget.pos()))
        picture.save(str(folder / f"{name}-{theme}.png"))


def _put(picture: QPixmap, widget: QWidget, place: QPoint) -> None:
    painter = QPainter(picture)
    painter.drawPixmap(place, widget.grab())
    painter.end()


@contextmanager
def real_window(
    on: Machine,
    builders: Builders | None = None,
    height: int = HEIGHT,
) -> Iterator[tuple[Desktop, Services]]:
    """On the real services. on: the machine that stands for this one. builders: of the pages, by
    default all of the program's own."""
    services = build(on)
    services.chats.start()
    desktop = Desktop(
        application(),
        EngineBackend(services),
        services.settings,
        whole(builders if builders is not None else page_builders(services)),
        chats=services.chats,
        toolbox=services.toolbox,
        mcp=services.mcp,
    )
    try:
        desktop.window.resize(WIDTH, height)
        desktop.window.show()
        yield desktop, services
    finally:
        _end(desktop)
        services.close()


@contextmanager
def demo_window() -> Iterator[tuple[Desktop, Services]]:
    """With the demo model and a few earlier chats."""
    with real_window(machine(WORKSTATION)) as (desktop, services):
        earlier_chats(services.chats)
        desktop.session.models.open(str(demo_model_path()))
        wait(lambda: desktop.session.ready is not None, "the demo model to load")
        assert desktop.window.page.history is not None
        desktop.window.page.history.reload()
        yield desktop, services


@contextmanager
def written_window(desktop: Desktop) -> Iterator[Desktop]:
    """Where a part of the program is replaced by what is written for the picture."""
    try:
        desktop.window.resize(WIDTH, HEIGHT)
        desktop.window.show()
        yield desktop
    finally:
        _end(desktop)


def _end(desktop: Desktop) -> None:
    """Every window that is left would be styled again with each picture."""
    desktop.window.quit()
    desktop.close()
    desktop.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def ask(desktop: Desktop, *questions: str) -> None:
    for question in questions:
        desktop.window.page.ask(question)
        wait(lambda: not desktop.session.busy, f"the answer to {question!r}")


def rest(desktop: Desktop, chats: int) -> None:
    """Nothing has the focus, the list has so many chats, and the context is measured."""
    page, session = desktop.window.page, desktop.session
    page.composer.edit.clearFocus()
    history = page.history
    assert history is not None
    wait(lambda: sum(hasattr(item, "title") for item in history.shown) == chats, "the list")

    typed = TextPart(page.composer.text())
    question = Message("user", (*page.attachments.parts, *([typed] if typed.text else [])))
    context = session.context

    def measured() -> bool:
        found = context.measuring.breakdown
        now = context.measuring.exact(context.asked(question, page.options))
        return found is not None and found == now and not session.busy

    page.context.measure()
    wait(measured, "the context")


def earlier_chats(chats: ChatStore) -> None:
    for title in EARLIER:
        conversation, _ = chats.conversations.create(title)
        chats.messages.ask(conversation, None, [TextPart(title)])


def whole(builders: Builders) -> Builders:
    """With a blank page for each other place, so that the rail is as people see it."""
    blank = {place.key: lambda _: QWidget() for place in PLACES if place is not CHAT}
    return {**blank, **builders}
