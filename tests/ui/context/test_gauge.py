"""The gauge before sending, what it opens, and the panel where there is little room."""

import threading

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.chat.context.breakdown import Breakdown
from app.chat.events import Progress
from app.core.units import count
from app.dialect.events import TextDelta
from tests.ui.context.test_choices import button, has, overflow
from tests.ui.kept import Kept, answer


def told(kept: Kept) -> str:
    return kept.page.composer.gauge.shown_text


def measured(kept: Kept) -> Breakdown | None:
    """What the gauge shows, when it is exact."""
    found = kept.desktop.session.context.measuring.breakdown
    return found if found is not None and found.exact else None


def test_tools_and_what_is_typed_count(kept: Kept) -> None:
    kept.page.composer.tools.setChecked(True)
    kept.wait(lambda: (found := measured(kept)) is not None and found.tools > 0)
    kept.page.composer.tools.setChecked(False)
    kept.wait(lambda: (found := measured(kept)) is not None and found.tools == 0)
    found = measured(kept)
    assert found is not None
    kept.wait(lambda: told(kept) == f"{count(found.used)} of 32,768")
    kept.page.composer.set_text("12345")
    kept.wait(lambda: told(kept) == f"{count(found.used + 5)} of 32,768")


def test_enter_opens_the_parts_and_esc_closes_them(kept: Kept) -> None:
    kept.page.composer.tools.setChecked(True)
    kept.ask("Hello", answer("Hi."))
    kept.page.composer.set_text("Next")
    kept.wait(lambda: (found := measured(kept)) is not None and found.question == 4)
    gauge, popover = kept.page.composer.gauge, kept.page.context.popover
    gauge.setFocus()
    QTest.keyClick(gauge, Qt.Key.Key_Space)
    assert popover.isVisible()
    texts = popover.told
    for name in ("Tools", "Earlier messages", "Your question", "Room for thinking and the answer"):
        assert name in texts
    assert texts[texts.index("Your question") + 1] == "4"
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()


def test_an_answer_that_runs_moves_the_gauge(kept: Kept, gate: threading.Event) -> None:
    kept.ask("Hello", [TextDelta("Hi"), Progress(2, 1234, None), gate, *answer("Hi.")], wait=False)
    kept.wait(lambda: told(kept) == "1,234 of 32,768")
    assert "are used" in kept.page.composer.gauge.accessibleDescription()
    gate.set()
    kept.wait(lambda: not kept.desktop.session.busy)
    kept.wait(lambda: told(kept) != "1,234 of 32,768")


def test_the_choices_can_be_read_in_a_low_window(full: Kept) -> None:
    full.desktop.window.resize(640, 480)
    overflow(full)
    full.wait(lambda: has(full, "contextNewChat"))
    panel = full.page.context.panel
    full.wait(lambda: panel._room.verticalScrollBar().maximum() > 0)
    assert button(full, "contextLeaveOut").height() >= 24
    assert full.page.composer.send.isVisible()
    full.desktop.window.resize(1280, 1000)
    full.wait(lambda: panel._room.verticalScrollBar().maximum() == 0)
