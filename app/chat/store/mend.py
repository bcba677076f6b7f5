"""Are the trees of replies sound, and how they are made sound again.

Only a damaged file or a foreign hand can make them unsound; everything else is one transaction.
"""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass


@dataclass
class _Node:
    id: int
    conversation: int
    parent: int | None
    chosen: int | None
    visible: int
    deletion: int | None


def problems(connection: sqlite3.Connection) -> list[str]:
    """What is wrong, in sentences for a log; empty when all is well."""
    found: list[str] = []
    nodes, firsts = _load(connection)
    for node in nodes.values():
        parent = nodes.get(node.parent) if node.parent is not None else None
        if node.conversation not in firsts:
            found.append(f"Message {node.id} has no conversation.")
        if node.parent is not None and (parent is None or parent.id >= node.id):
            found.append(f"Message {node.id} has no parent.")
    live = _live_replies(nodes)
    wanted = _wanted(nodes, firsts, live)
    for conversation, first in firsts.items():
        if first != wanted.first[conversation]:
            found.append(f"Conversation {conversation} begins with a message that is not there.")
    for node in nodes.values():
        if node.deletion is None and node.chosen != wanted.chosen[node.id]:
            found.append(f"Message {node.id} goes on with one that is not there.")
        if bool(node.visible) != (node.id in wanted.visible):
            found.append(f"Message {node.id} is shown or hidden wrongly.")
    return found


def mend(connection: sqlite3.Connection) -> None:
    """Give every message a conversation and a parent that exist, and every conversation a path."""
    _adopt(connection)
    nodes, firsts = _load(connection)
    last: dict[int, int] = {}
    for node in nodes.values():
        parent = nodes.get(node.parent) if node.parent is not None else None
        if node.parent is not None and (
            parent is None or parent.id >= node.id or parent.conversation != node.conversation
        ):
            node.parent = last.get(node.conversation)
            connection.execute("UPDATE message SET parent = ? WHERE id = ?", (node.parent, node.id))
        last[node.conversation] = node.id
    wanted = _wanted(nodes, firsts, _live_replies(nodes))
    connection.executemany(
        "UPDATE message SET chosen = ?, visible = ? WHERE id = ?",
        [(wanted.chosen[id], int(id in wanted.visible), id) for id in nodes],  # noqa: A001
    )
    connection.executemany(
        "UPDATE conversation SET first = ? WHERE id = ?",
        [(first, conversation) for conversation, first in wanted.first.items()],
    )
    connection.execute("DELETE FROM deletion WHERE root NOT IN (SELECT id FROM message)")
    connection.execute(
        "UPDATE message SET deletion = NULL WHERE deletion NOT IN (SELECT id FROM deletion)"
    )


@dataclass
class _Wanted:
    first: dict[int, int | None]
    chosen: dict[int, int | None]
    visible: set[int]


def _wanted(
    nodes: dict[int, _Node],
    firsts: dict[int, int | None],
    live: dict[tuple[int, int | None], list[int]],
) -> _Wanted:
    """What is chosen stays so where it can."""
    first = {
        conversation: _pick(chosen, live[conversation, None])
        for conversation, chosen in firsts.items()
    }
    chosen = {
        node.id: _pick(node.chosen, live[node.conversation, node.id]) for node in nodes.values()
    }
    visible: set[int] = set()
    for start in first.values():
        current = start
        while current is not None:
            visible.add(current)
            current = chosen[current]
    return _Wanted(first, chosen, visible)


def _pick(chosen: int | None, live: list[int]) -> int | None:
    if chosen in live:
        return chosen
    return live[-1] if live else None


def _live_replies(nodes: dict[int, _Node]) -> dict[tuple[int, int | None], list[int]]:
    live: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
    for node in nodes.values():
        if node.deletion is None:
            live[node.conversation, node.parent].append(node.id)
    return live


def _load(connection: sqlite3.Connection) -> tuple[dict[int, _Node], dict[int, int | None]]:
    rows = connection.execute(
        "SELECT id, conversation, parent, chosen, visible, deletion FROM message ORDER BY id"
    )
    nodes = {row[0]: _Node(*row) for row in rows}
    return nodes, dict(connection.execute("SELECT id, first FROM conversation").fetchall())


def _adopt(connection: sqlite3.Connection) -> None:
    """Messages whose conversation is lost get one, so that they are found."""
    connection.execute(
        "INSERT INTO conversation(id, title, title_origin, created, changed)"
        " SELECT conversation, 'Recovered chat', 'automatic', min(created), max(created)"
        " FROM message WHERE conversation NOT IN (SELECT id FROM conversation)"
        " GROUP BY conversation"
    )
