"""What takes the context, and a question that does not fit: the demo model holds 4,096 tokens."""

from pathlib import Path

from app.core.messages import Message, TextPart
from app.ui.chat.context.entry import Omitted
from tests.pictures.stage import EARLIER, ask, demo_window, rest, save, wait

_ANSWER = "I can answer questions about this program and show what its parts do. " * 6
_TURNS = 40


def draw_context(folder: Path, place: Path) -> None:
    with demo_window() as (desktop, _):
        page = desktop.window.page
        note = place / "meeting.md"
        note.write_text("- Decide which quantization the team machine gets.\n" * 30)
        ask(desktop, "What can you do?", "What is quantization?")
        page.attachments.add_files([note])
        desk = page.attachments.desk
        wait(lambda: all(item.job is None for item in desk.items), "the file")
        page.composer.set_text("What was decided?")
        rest(desktop, len(EARLIER) + 1)
        page.context.gauge.opened.emit()
        save(desktop, folder, "context", above=[page.context.popover])
        page.context.popover.hide()


def draw_full(folder: Path, _place: Path) -> None:
    """The choices, and what they leave in the conversation."""
    with demo_window() as (desktop, services):
        page, chats = desktop.window.page, services.chats
        name, _ = chats.conversations.create("A long tour of the program")
        parent = None
        for number in range(_TURNS):
            parent, _ = chats.messages.ask(name, parent, [TextPart("What can you do?")])
            said = Message("assistant", (TextPart(f"{number + 1}. {_ANSWER}"),))
            parent, _ = chats.messages.add(name, parent, said)
        page.open_conversation(name)
        wait(lambda: desktop.session.conversation == name, "the conversation")
        page.composer.set_text("What is quantization?")
        page.composer.thinking.setChecked(False)
        rest(desktop, len(EARLIER) + 1)
        page.composer.send.click()
        panel = page.context.panel
        wait(
            lambda: any(one.objectName() == "contextLeaveOut" for one in panel.buttons),
            "the choices",
        )
        page.composer.edit.clearFocus()
        save(desktop, folder, "context-full")
        next(one for one in panel.buttons if one.objectName() == "contextLeaveOut").click()
        wait(lambda: panel.isHidden() and not desktop.session.busy, "the answer")
        rest(desktop, len(EARLIER) + 1)
        omitted = [e for e in desktop.session.transcript.entries if isinstance(e, Omitted)]

        def where_it_begins() -> None:
            page.transcript.show_entry(omitted[0])

        save(desktop, folder, "context-left-out", prepare=where_it_begins)
