"""What the settings say about personas."""

from collections.abc import Sequence

from app.ui.personas.default_row import DefaultPersonaRow
from app.ui.personas.files_row import PersonaFilesRow
from app.ui.personas.list_row import PersonaListRow
from app.ui.settings.rows import Row
from app.ui.shell import Shell


def persona_rows(shell: Shell) -> Sequence[Row]:
    look, settings, saved = shell.look, shell.settings, shell.window.settings_changed
    files = PersonaFilesRow(look, settings, shell.tasks, saved)
    every = PersonaListRow(look, settings, saved)
    every.export_wanted.connect(files.export_one)
    return [DefaultPersonaRow(look, settings, saved), every, files]
