"""Files of a person, some of them opened to tools, and a model that calls these."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.messages import ToolCallPart, ToolResultPart
from app.tools.backups import Backups
from app.tools.consent import ConsentRequest, Decision, Gate, Permissions, QuestionRequest
from app.tools.files_read import reading_tools
from app.tools.files_write import writing_tools
from app.tools.folders import Folder, Folders
from app.tools.opening import WALKS, Opener
from app.tools.runner import ToolRunner
from app.tools.tool import ALL_CHOICES

POSIX = pytest.mark.skipif(not WALKS, reason="this system has no directory descriptors")

Act = Callable[[], None]


class Desk:
    """Files of a person, some of them opened, and a model that calls tools."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened, self.secret = root / "opened", root / "secret"
        for folder in (self.opened, self.secret):
            folder.mkdir(parents=True)
        (self.secret / "key").write_text("the secret")
        self.folders = Folders([Folder(str(self.opened), write=True)])
        self.backups = Backups(root / "backups")
        self.opener = Opener(self.folders, protected=[root / "backups", Path("/proc")])
        tools = (*reading_tools(self.opener), *writing_tools(self.opener, self.backups))
        self.runner = ToolRunner(tools)
        self.choice = ALL_CHOICES[0]
        self.asked: list[ConsentRequest] = []
        self.while_asked: Act = lambda: None

    def decide(self, request: ConsentRequest, _cancel: CancelToken) -> Decision:
        self.asked.append(request)
        self.while_asked()
        return Decision(self.choice)

    def reply(self, request: QuestionRequest, _cancel: CancelToken) -> str:
        raise AssertionError(request)

    @property
    def always(self) -> Permissions:
        return Permissions()

    def reads_allowed(self) -> bool:
        return False

    def open_folder(self, folder: str, *, write: bool) -> None:
        self.folders.open(folder, write=write)

    def call(self, tool: str, **arguments: str | int) -> ToolResultPart:
        gate = Gate(self, self, Permissions())
        call = ToolCallPart("1", tool, {**arguments})
        return self.runner.run(call, CancelToken(), gate)

    def read(self, path: object, **more: int) -> ToolResultPart:
        return self.call("read_file", path=str(path), **more)

    def write(self, path: object, content: str) -> ToolResultPart:
        return self.call("write_file", path=str(path), content=content)
