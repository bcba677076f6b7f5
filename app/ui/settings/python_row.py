"""Whether models can run Python on this machine, and if not, what is missing."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.core.language import tr
from app.core.tasks import TaskRunner
from app.tools.python_code.run_python import PythonTool
from app.ui.chat.model_loads import known
from app.ui.settings.rows import Row
from app.ui.widgets import announce, button, label, restyle


class PythonRow(Row):
    """The sandbox is tried on a worker thread when the row is first seen."""

    def __init__(self, python: PythonTool, tasks: TaskRunner) -> None:
        text = tr(
            "Programs that a model writes run in a sandbox without network and without your files, "
            "with limits on memory, time and output. You allow them before they run."
        )
        super().__init__(
            tr(
                "{title} {text} code sandbox bubblewrap tools",
                title=tr("Running Python"),
                text=text,
            )
        )
        self.setObjectName("settingRow-python")
        self.setProperty("card", "true")
        self._python, self._tasks = python, tasks
        self._seen = self._busy = False
        self._state = label("", "muted", name="pythonState", wrap=True)
        self._test = button(tr("Look again"), "pythonTest", on_click=self.look_again)
        line = QHBoxLayout()
        line.addWidget(self._test)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        column.addWidget(label(tr("Running Python"), "strong"))
        column.addWidget(label(text, "muted", wrap=True))
        column.addWidget(self._state)
        column.addSpacing(4)
        column.addLayout(line)

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        if visible and not self._seen:
            self._seen = True
            self._look()

    def look_again(self) -> None:
        """After something was installed."""
        self._python.forget()
        self._look(tell=True)

    def _look(self, *, tell: bool = False) -> None:
        if self._busy or self._tasks.closed:
            return
        self._busy = True
        self._test.setEnabled(False)
        self._say(tr("Trying the sandbox…"))

        def ended() -> None:
            self._busy = False
            self._test.setEnabled(True)
            if tell:
                announce(self, self._state.text())

        self._tasks.run(
            self._python.prepare,
            lambda _: self._show(),
            lambda error: self._say(str(known(error)), bad=True),
            ended,
        )

    def _show(self) -> None:
        reason = self._python.unavailable()
        self._say(reason or tr("The sandbox works: models can run Python, when you allow it."))

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        restyle(self._state, "tone", "bad" if bad else "muted")
