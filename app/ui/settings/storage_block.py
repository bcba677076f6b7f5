"""One earlier place for models: what is in it, what moving takes, and what can be done."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.downloads.types import Target
from app.library.earlier import EarlierPlace
from app.ui.settings.storage_words import need_text, place_name, short_name, what_text
from app.ui.widgets import button, label, plain_tip


def place_block(
    number: int,
    place: EarlierPlace,
    new: Target,
    move: Callable[[], None],
    leave: Callable[[], None] | None,
) -> QWidget:
    """leave: None when the person has said so already. number: for unique object names."""
    left = leave is None
    short = place.free_bytes is not None and place.free_bytes < place.needed_bytes
    tone = "bad" if short and not left else "muted"
    block = QWidget()
    block.setObjectName(f"storagePlace-{number}")
    buttons = QHBoxLayout()
    buttons.setSpacing(8)
    buttons.addWidget(
        button(
            tr("Move to {new}", new=short_name(new)),
            f"storageMove-{number}",
            "plain" if left or number else "primary",
            accessible=tr("Move to {new}", new=place_name(new)),
            tooltip=plain_tip(str(new.folder)),
            on_click=move,
        )
    )
    if leave is not None:
        buttons.addWidget(button(tr("Leave there"), f"storageLeave-{number}", on_click=leave))
    buttons.addStretch(1)
    column = QVBoxLayout(block)
    column.setContentsMargins(0, 4, 0, 4)
    column.setSpacing(4)
    column.addWidget(label(what_text(place, left=left), name=f"storageWhat-{number}", wrap=True))
    column.addWidget(label(need_text(place, new), tone, name=f"storageNeed-{number}", wrap=True))
    column.addSpacing(4)
    column.addLayout(buttons)
    return block
