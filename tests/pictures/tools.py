"""A tool that waits for the person; what the model says is written for the picture."""

from pathlib import Path

from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.settings.of_tools import TOOL_FOLDERS, TOOLS_READ_FREELY
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.tools.cards import AskCard
from tests.chat.scripted import call
from tests.pictures.stage import earlier_chats, save, wait, whole, written_window
from tests.ui.scripted import model
from tests.ui.tool_window import MODEL, ToolBackend

_PLAN = """# Team machine

Model         GLM-4.6
Quantization  to be decided
Context       32,768 tokens

Open: who orders the second card?
"""
_CHANGED = _PLAN.replace("to be decided", "UD-Q2_K_XL, 135 GB").replace(
    "Open: who orders the second card?", "Decided on Monday: one card is enough."
)


def draw_consent(folder: Path, place: Path) -> None:
    """In a folder that is open to tools, on the real toolbox."""
    notes = place / "notes"
    notes.mkdir(parents=True)
    plan = notes / "team-machine.md"
    plan.write_text(_PLAN, encoding="utf-8")
    chats = ChatStore(place / "chats")
    chats.start()
    earlier_chats(chats)
    settings = SettingsStore(place / "settings.json")
    settings.set(TOOL_FOLDERS, ((str(notes), True),))
    settings.set(TOOLS_READ_FREELY, True)
    toolbox = Toolbox(settings, place / "data")
    backend = ToolBackend(toolbox=toolbox, loads={MODEL: model(MODEL)})
    desktop = Desktop(application(), backend, settings, whole({}), chats=chats, toolbox=toolbox)
    backend.replies += [
        "<think>I look at the note before I change it.</think>" + call("read_file", path=str(plan)),
        "<think>The quantization and the open question are to be changed.</think>"
        "I put what was decided into the note."
        + call("write_file", path=str(plan), content=_CHANGED),
        "<think></think>Done.",
    ]
    with written_window(desktop):
        desktop.session.models.open(MODEL)
        wait(lambda: desktop.session.ready is not None, "the model")
        desktop.window.page.composer.tools.setChecked(True)
        desktop.window.page.ask("Put Monday's decision into team-machine.md in my notes.")
        _wait_for_card(desktop)
        edit = desktop.window.page.composer.edit
        save(desktop, folder, "consent", prepare=edit.clearFocus)
    chats.close()


def _wait_for_card(desktop: Desktop) -> None:
    transcript = desktop.window.page.transcript
    wait(lambda: any(one.isVisible() for one in transcript.findChildren(AskCard)), "the card")
