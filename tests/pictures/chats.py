"""The chat page with the real demo model."""

from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.core.personas import Persona
from app.settings.declared import DENSITY, LANGUAGE, TEXT_SIZE
from app.settings.personas import add_persona
from app.ui.application import Desktop
from app.ui.chat.entries import Question
from app.ui.chat.views.question_view import QuestionView
from tests.pictures.stage import EARLIER, ask, demo_window, rest, save, wait

_QUESTIONS = ("What is 37 times 24?", "Write hello world in Python")
_TABLE = "quarter,sales\n" + "\n".join(f"2026-Q{n},{18_400 + 913 * n}" for n in range(1, 5))
_PROOFREADER = """You correct spelling and grammar and keep my voice.

Give the corrected text first, then a table of what you changed and why. If a sentence can be \
read in two ways, ask."""
_NOTES = "# Meeting\n\n" + "- Decide which quantization the team machine gets.\n" * 40


def draw_chat(folder: Path, _place: Path) -> None:
    with demo_window() as (desktop, _):
        ask(desktop, *_QUESTIONS)
        rest(desktop, len(EARLIER) + 1)
        save(desktop, folder, "chat")


def draw_versions(folder: Path, _place: Path) -> None:
    """A question that was edited, with what can be done under the mouse."""
    with demo_window() as (desktop, _):
        page = desktop.window.page
        ask(desktop, "What is quantization?")
        _edit(desktop, 0, "What is a KV cache?")
        ask(desktop, "What is a context?")
        rest(desktop, len(EARLIER) + 1)

        def under_the_mouse() -> None:
            where = QPointF(20, 20)
            page.transcript.verticalScrollBar().setValue(0)
            QApplication.processEvents()
            QApplication.sendEvent(_question(desktop, 0), QEnterEvent(where, where, where))

        save(desktop, folder, "versions", prepare=under_the_mouse)


def draw_attachments(folder: Path, place: Path) -> None:
    with demo_window() as (desktop, _):
        page = desktop.window.page
        ask(desktop, "What is a context?")
        files = place / "files"
        files.mkdir()
        for name, text in (("sales-2026.csv", _TABLE), ("meeting.md", _NOTES)):
            (files / name).write_text(text, encoding="utf-8")
        (files / "whiteboard.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
        page.attachments.add_files(sorted(files.iterdir()))
        desk = page.attachments.desk
        wait(lambda: all(item.job is None for item in desk.items), "the files")
        page.composer.set_text("Which quarter sold best, and what was decided?")
        rest(desktop, len(EARLIER) + 1)
        save(desktop, folder, "attachments")


def draw_personas(folder: Path, _place: Path) -> None:
    """A new chat with its personas, and the instructions beside it."""
    with demo_window() as (desktop, services):
        add_persona(
            services.settings,
            Persona("", "Proofreader", _PROOFREADER),
        )
        window = desktop.window
        chips = window.page.empty.findChildren(QPushButton)
        next(one for one in chips if one.text() == "Proofreader").click()
        window.personas.show_instructions()
        rest(desktop, len(EARLIER))
        save(desktop, folder, "personas")


def draw_palette(folder: Path, _place: Path) -> None:
    with demo_window() as (desktop, _):
        ask(desktop, *_QUESTIONS)
        rest(desktop, len(EARLIER) + 1)
        palette = desktop.window.commands.palette
        desktop.window.commands.begin()
        palette.field.setText("ch")
        save(desktop, folder, "palette")


def draw_chinese(folder: Path, _place: Path) -> None:
    with demo_window() as (desktop, services):
        before = desktop.window
        services.settings.set(LANGUAGE, "zh_CN")
        wait(lambda: desktop.window is not before, "the window in Chinese")
        ask(desktop, "什么是量化？", "给我看一段代码")
        rest(desktop, len(EARLIER) + 1)
        save(desktop, folder, "chat-chinese")
        desktop.window.go("settings")
        save(desktop, folder, "settings-chinese")


def draw_compact(folder: Path, _place: Path) -> None:
    """Larger letters, less room around controls."""
    with demo_window() as (desktop, services):
        services.settings.set(TEXT_SIZE, "130")
        services.settings.set(DENSITY, "compact")
        ask(desktop, *_QUESTIONS)
        rest(desktop, len(EARLIER) + 1)
        save(desktop, folder, "compact")


def _question(desktop: Desktop, number: int) -> QuestionView:
    entries = [e for e in desktop.session.transcript.entries if isinstance(e, Question)]
    view = desktop.window.page.transcript.view_of(entries[number])
    assert isinstance(view, QuestionView)
    return view


def _edit(desktop: Desktop, number: int, text: str) -> None:
    button = _question(desktop, number).action_button("edit")
    assert isinstance(button, QPushButton)
    button.click()
    editor = _question(desktop, number).editor
    assert editor is not None
    editor.field.setPlainText(text)
    QTest.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def answered() -> bool:
        entries = [e for e in desktop.session.transcript.entries if isinstance(e, Question)]
        return entries[0].text == text and not desktop.session.busy

    wait(answered, "the other version")
