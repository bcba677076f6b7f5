"""The tree of replies against a plain model of it, over random operations."""

import itertools
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.core.messages import Message, TextPart
from tests.chat.store.helpers import database, done


class Node:
    def __init__(self, id: int, parent: "Node | None", text: str) -> None:  # noqa: A002
        self.id = id
        self.parent = parent
        self.text = text
        self.deletion: int | None = None
        self.chosen: Node | None = None


class Model:
    """Everything by walking; nothing is remembered but who was chosen."""

    def __init__(self) -> None:
        self.root = Node(0, None, "")
        self.nodes: dict[int, Node] = {}
        self.moved: dict[int, list[Node]] = {}
        self.roots: dict[int, Node] = {}

    def add(self, id: int, parent: Node, text: str) -> None:  # noqa: A002
        self.nodes[id] = node = Node(id, parent, text)
        parent.chosen = node

    def live(self, parent: Node) -> list[Node]:
        return [n for n in self.nodes.values() if n.parent is parent and n.deletion is None]

    def path(self) -> list[Node]:
        path = []
        node = self.root.chosen
        while node is not None:
            path.append(node)
            node = node.chosen
        return path

    def show(self, node: Node) -> None:
        while node.parent is not None:
            node.parent.chosen = node
            node = node.parent

    def detach(self, node: Node) -> None:
        assert node.parent is not None
        if node.parent.chosen is not node:
            return
        others = [n for n in self.live(node.parent) if n is not node]
        earlier = [n for n in others if n.id < node.id]
        node.parent.chosen = earlier[-1] if earlier else next(iter(others), None)

    def delete(self, node: Node, deletion: int) -> None:
        self.detach(node)
        self.roots[deletion] = node
        for below in self.nodes.values():
            up: Node | None = below
            while up is not None and up is not node:
                up = up.parent
            if up is node and below.deletion is None:
                below.deletion = deletion

    def delete_alone(self, node: Node, deletion: int) -> None:
        assert node.parent is not None
        replies, was_chosen = self.live(node), node.parent.chosen is node
        self.detach(node)
        node.deletion = deletion
        self.roots[deletion], self.moved[deletion] = node, replies
        for reply in replies:
            reply.parent = node.parent
        if was_chosen and node.chosen is not None:
            node.parent.chosen = node.chosen
        node.chosen = None

    def can_undo(self, deletion: int) -> bool:
        parent = self.roots[deletion].parent
        return parent is not None and parent.deletion is None

    def undo(self, deletion: int) -> None:
        root = self.roots.pop(deletion)
        for node in self.nodes.values():
            if node.deletion == deletion:
                node.deletion = None
        moved = [n for n in self.moved.pop(deletion, []) if n.id in self.nodes]
        chosen = [n for n in moved if n.parent is not None and n.parent.chosen is n]
        for reply in moved:
            self.detach(reply)
            reply.parent = root
        if moved:
            live = self.live(root)
            kept = [n for n in chosen if n in live] or live[-1:]
            root.chosen = kept[-1] if kept else None
        self.show(root)

    def purge(self, deletion: int) -> None:
        if self.roots.pop(deletion, None) is None:
            return
        self.moved.pop(deletion, None)
        while True:
            doomed = [
                n
                for n in self.nodes.values()
                if n.deletion == deletion
                or (n.parent is not self.root and n.parent not in self.nodes.values())
            ]
            if not doomed:
                break
            for node in doomed:
                del self.nodes[node.id]
        self.roots = {d: n for d, n in self.roots.items() if n.id in self.nodes}


class TreeMachine(RuleBasedStateMachine):
    messages: Bundle[int] = Bundle("messages")
    deletions: Bundle[int] = Bundle("deletions")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tree-model-"))
        self.store = ChatStore(self.folder)
        self.store.start().result(30)
        self.chat = done(self.store.conversations.create())
        self.model = Model()
        self.numbers = itertools.count()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self._every_live_message_is_found()
            assert self.store.close(30)
            shutil.rmtree(self.folder)

    def _every_live_message_is_found(self) -> None:
        self.store.indexed().result(30)
        visible = {node.id for node in self.model.path()}
        for node in self.model.nodes.values():
            hits = self.store.search.find(f'"{node.text}" ').hits
            expected = [] if node.deletion is not None else [(node.id, node.id in visible)]
            assert [(hit.message, hit.visible) for hit in hits] == expected

    def _is_live(self, message: int) -> bool:
        node = self.model.nodes.get(message)
        return node is not None and node.deletion is None

    @rule(target=messages)
    def begin(self) -> int:
        return self._add(None)

    @rule(target=messages, parent=messages)
    def reply(self, parent: int) -> int | MultipleResults[int]:
        if not self._is_live(parent):
            return multiple()
        return self._add(parent)

    def _add(self, parent: int | None) -> int:
        text = f"message {next(self.numbers)}"
        message = Message("user", (TextPart(text),))
        new = done(self.store.messages.add(self.chat, parent, message))
        self.model.add(new, self.model.root if parent is None else self.model.nodes[parent], text)
        return new

    @rule(target=messages, message=messages)
    def edit(self, message: int) -> int | MultipleResults[int]:
        if not self._is_live(message):
            return multiple()
        text = f"edit {next(self.numbers)}"
        new = done(self.store.messages.edit_question(self.chat, message, (TextPart(text),)))
        parent = self.model.nodes[message].parent
        assert parent is not None
        self.model.add(new, parent, text)
        return new

    @rule(message=messages)
    def show(self, message: int) -> None:
        if self._is_live(message):
            self.store.messages.show(message).result(30)
            self.model.show(self.model.nodes[message])

    @rule(target=deletions, message=messages, alone=st.booleans())
    def delete(self, message: int, alone: bool) -> int | MultipleResults[int]:
        if not self._is_live(message):
            return multiple()
        deletion = done(self.store.messages.delete(message, alone=alone))
        node = self.model.nodes[message]
        (self.model.delete_alone if alone else self.model.delete)(node, deletion)
        return deletion

    @rule(deletion=deletions)
    def undo(self, deletion: int) -> None:
        known = deletion in self.model.roots
        if known and self.model.can_undo(deletion):
            self.store.messages.undo_delete(deletion).result(30)
            self.model.undo(deletion)
        else:
            error = self.store.messages.undo_delete(deletion).exception(30)
            assert isinstance(error, KnownError)

    @rule(deletion=consumes(deletions))
    def purge(self, deletion: int) -> None:
        self.store.messages.purge_deletion(deletion).result(30)
        self.model.purge(deletion)

    @rule()
    def copies_show_the_same(self) -> None:
        copy = done(self.store.conversations.duplicate(self.chat))
        assert self._texts(copy) == [node.text for node in self.model.path()]
        path = self.store.read.path(self.chat)
        if path:
            middle = path[len(path) // 2].id
            branch = done(self.store.conversations.branch(middle))
            assert self._texts(branch) == self._texts(self.chat)[: len(path) // 2 + 1]
            self.store.conversations.purge(branch).result(30)
        self.store.conversations.purge(copy).result(30)

    def _texts(self, conversation: int) -> list[str]:
        return [message.message.text for message in self.store.read.history(conversation)]

    @invariant()
    def the_path_is_the_same(self) -> None:
        if not hasattr(self, "store"):
            return
        path = self.model.path()
        heads = self.store.read.path(self.chat)
        assert [head.id for head in heads] == [node.id for node in path]
        for head, node in zip(heads, path, strict=True):
            assert node.parent is not None
            assert head.versions == tuple(n.id for n in self.model.live(node.parent))
            assert head.parent == (node.parent.id or None)
        live = {n.id for n in self.model.nodes.values() if n.deletion is None}
        assert {message.id for message in self.store.read.tree(self.chat)} == live

    @invariant()
    def the_rows_are_consistent(self) -> None:
        if not hasattr(self, "store"):
            return
        with database(self.folder) as connection:
            visible = {
                row[0] for row in connection.execute("SELECT id FROM message WHERE visible = 1")
            }
            dangling = connection.execute(
                "SELECT count(*) FROM message WHERE chosen IS NOT NULL AND chosen NOT IN"
                " (SELECT id FROM message AS reply WHERE reply.parent = message.id)"
            ).fetchone()
        assert visible == {node.id for node in self.model.path()}
        assert dangling == (0,)


TreeMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)
TestTree = TreeMachine.TestCase
