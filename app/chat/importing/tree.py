"""Somebody else's tree of messages, put in order."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.chat.importing.values import UNKNOWN_TIME
from app.chat.store.types import Making, State, StoredMessage
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import Message, Part, ReasoningPart, Role

MOST_MESSAGES = 200_000


@dataclass
class Node:
    """parts empty: the node is left out, and its replies hang below its parent."""

    parent: str | None
    role: Role
    parts: tuple[Part, ...] = ()
    created: datetime | None = None
    state: State = "complete"
    making: Making | None = None


@dataclass
class ForeignTree:
    """Nodes under the names that they have there."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def add(self, name: str, node: Node) -> None:
        """Raises KnownError when there are too many."""
        if len(self.nodes) >= MOST_MESSAGES:
            raise KnownError(
                tr("The conversation has too many messages."),
                tr("More than {most_messages:,}.", most_messages=MOST_MESSAGES),
            )
        self.nodes[name] = node

    def ordered(self, shown: str | None = None) -> tuple[tuple[StoredMessage, ...], int | None]:
        """The messages with parents first and ids from 0, and the id of the one to be shown.

        Whatever hangs in a circle or below nothing that exists becomes a beginning or is left out.
        An answer that follows on thinking alone is one message with it.
        """
        replies: defaultdict[str | None, list[str]] = defaultdict(list)
        for name, node in self.nodes.items():
            replies[node.parent if node.parent in self.nodes else None].append(name)
        found: list[StoredMessage] = []
        ids: dict[str, int | None] = {}
        waiting: list[tuple[str, int | None]] = [(name, None) for name in reversed(replies[None])]
        while waiting:
            name, parent = waiting.pop()
            own = self._take(name, parent, found, replies)
            ids[name] = own
            waiting += [(reply, own) for reply in reversed(replies[name])]
        return tuple(found), ids.get(shown) if shown is not None else None

    def _take(
        self,
        name: str,
        parent: int | None,
        found: list[StoredMessage],
        replies: dict[str | None, list[str]],
    ) -> int | None:
        node = self.nodes[name]
        if not node.parts:
            return parent
        before = found[parent] if parent is not None else None
        if before is not None and _goes_on(before, node) and len(replies[node.parent]) == 1:
            message = Message("assistant", (*before.message.parts, *node.parts))
            making = node.making or before.making
            found[before.id] = replace(before, message=message, state=node.state, making=making)
            return before.id
        created = node.created or (before.created if before else UNKNOWN_TIME)
        message = Message(node.role, node.parts)
        found.append(StoredMessage(len(found), parent, node.state, created, message, node.making))
        return len(found) - 1


def _goes_on(before: StoredMessage, node: Node) -> bool:
    return (
        node.role == "assistant"
        and before.message.role == "assistant"
        and all(isinstance(part, ReasoningPart) for part in before.message.parts)
    )
