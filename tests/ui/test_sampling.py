"""The sampling panel and the choice behind it."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDoubleSpinBox
from pytestqt.qtbot import QtBot

from app.core.errors import KnownError
from app.core.sampling import (
    DEFAULT_ORDER,
    GLM_CODE,
    GREEDY,
    MODEL_DEFAULTS,
    Sampling,
    declarations,
)
from app.settings.presets import remove_preset
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.sampling.choice import SamplingChoice
from app.ui.sampling.editors import BiasEditor, SeedEditor, TextsEditor
from app.ui.sampling.field import editor_for, neutral_text
from app.ui.sampling.panel import SamplingPanel


@pytest.fixture
def choice(settings: SettingsStore) -> SamplingChoice:
    return SamplingChoice(settings)


@pytest.fixture
def panel(qtbot: QtBot, look: Look, choice: SamplingChoice) -> SamplingPanel:
    made = SamplingPanel(look, choice)
    qtbot.addWidget(made)
    return made


def test_every_parameter_has_a_field_with_help_and_neutral_value(panel: SamplingPanel) -> None:
    assert list(panel.parameters.fields) == list(declarations())
    for name, declaration in declarations().items():
        tip = panel.parameters.fields[name]._label.toolTip()
        assert declaration.help in tip
        assert neutral_text(declaration.neutral) in tip


@pytest.mark.parametrize("name", list(declarations()))
def test_every_editor_gives_back_what_it_was_given(qtbot: QtBot, look: Look, name: str) -> None:
    values: dict[str, object] = {
        "stop": ("a\\n", "\n", "x\ty"),
        "dry_sequence_breakers": ("\n", '"'),
        "logit_bias": ((5, -math.inf), (12, 2.5)),
        "order": ("top_k", "temperature", "penalties"),
        "seed": 4_294_967_294,
        "mirostat": 2,
    }
    declaration = declarations()[name]
    editor = editor_for(look, name, declaration)
    qtbot.addWidget(editor)
    bounds = declaration.range
    for value in (values.get(name, bounds and bounds.minimum), getattr(Sampling(), name)):
        whole = isinstance(getattr(Sampling(), name), int) and isinstance(value, float)
        wanted = round(value) if whole and isinstance(value, float) else value
        editor.set_value(wanted)
        assert editor.problem() == ""
        assert editor.value() == wanted


def test_a_change_is_marked_and_can_be_taken_back(
    panel: SamplingPanel, choice: SamplingChoice
) -> None:
    field = panel.parameters.fields["temperature"]
    changes: list[bool] = []
    panel.changed.connect(lambda: changes.append(True))
    spin = field.editor.focusProxy()
    assert isinstance(spin, QDoubleSpinBox)
    spin.setValue(0.7)
    assert choice.current.temperature == 0.7
    assert field._mark.text() == "●"
    assert "Differs from the preset" in spin.accessibleDescription()
    assert not panel.parameters.fields["top_p"]._mark.text()
    assert "1 changed" in panel.parameters.groups["Basic"].toggle.text()
    field.reset.click()
    assert choice.current == Sampling()
    assert not field._mark.text()
    assert not panel.reset.isEnabled()
    assert len(changes) == 2


def test_a_preset_fills_the_fields(panel: SamplingPanel, choice: SamplingChoice) -> None:
    combo = panel._presets.combo
    labels = [combo.itemText(index) for index in range(combo.count())]
    assert labels == ["Model defaults", "GLM general", "GLM code", "Always the likeliest"]
    index = combo.findData(GLM_CODE.key)
    combo.setCurrentIndex(index)
    combo.activated.emit(index)
    assert choice.current == GLM_CODE.sampling
    assert panel.parameters.fields["top_k"].editor.value() == 40
    assert choice.differing == frozenset()


def test_own_presets_are_saved_renamed_and_deleted_with_undo(
    panel: SamplingPanel, choice: SamplingChoice
) -> None:
    bar = panel._presets
    choice.set_value("top_k", 7)
    bar._save.trigger()
    bar.name_field.setText("Mine")
    bar.name_field.returnPressed.emit()
    assert (choice.preset.label, choice.baseline.top_k) == ("Mine", 7)
    bar._rename.trigger()
    bar.name_field.setText("Yours")
    bar.name_field.returnPressed.emit()
    assert bar.combo.currentText() == "Yours"
    bar._delete.trigger()
    assert choice.preset.key == MODEL_DEFAULTS
    bar._undo.click()
    assert (choice.preset.label, choice.current.top_k) == ("Yours", 7)


def test_a_taken_name_is_refused_in_place(panel: SamplingPanel) -> None:
    bar = panel._presets
    bar._save.trigger()
    bar.name_field.setText("glm CODE")
    bar.name_field.returnPressed.emit()
    assert "glm CODE" in bar._message.text()
    assert not bar._row.isHidden()


def test_wrong_input_is_explained_and_not_taken(
    panel: SamplingPanel, choice: SamplingChoice
) -> None:
    seed = panel.parameters.fields["seed"]
    assert isinstance(seed.editor, SeedEditor)
    seed.editor._field.setText("12x")
    seed.editor.edited.emit()
    assert "whole number" in seed._problem.text()
    assert choice.current.seed is None
    bias = panel.parameters.fields["logit_bias"]
    assert isinstance(bias.editor, BiasEditor)
    bias.editor._field.setPlainText("12 = 3\n12 = 4")
    assert bias._problem.text() == "Line 2 names token 12 again."
    bias.editor._field.setPlainText("12 = -inf")
    assert bias._problem.isHidden()
    assert choice.current.logit_bias == ((12, -math.inf),)


def test_the_order_moves_by_keyboard_and_leaves_out(
    panel: SamplingPanel, choice: SamplingChoice
) -> None:
    from PySide6.QtCore import Qt

    order = panel.parameters.fields["order"].editor
    order._list.setCurrentRow(1)  # type: ignore[attr-defined]
    order._list.move_wanted.emit(-1)  # type: ignore[attr-defined]
    assert choice.current.order[:2] == (DEFAULT_ORDER[1], DEFAULT_ORDER[0])
    order._list.item(0).setCheckState(Qt.CheckState.Unchecked)  # type: ignore[attr-defined]
    assert DEFAULT_ORDER[1] not in choice.current.order


def test_stop_strings_can_hold_line_breaks(qtbot: QtBot, look: Look) -> None:
    editor = editor_for(look, "stop", declarations()["stop"])
    assert isinstance(editor, TextsEditor)
    qtbot.addWidget(editor)
    editor._field.setPlainText("END\n\\n\\n\nC:\\\\new")
    assert editor.value() == ("END", "\n\n", "C:\\new")


def test_model_defaults_move_along_but_not_what_was_touched(choice: SamplingChoice) -> None:
    choice.set_value("top_p", 0.9)
    choice.set_model_defaults(GREEDY.sampling)
    assert choice.current == replace(GREEDY.sampling, top_p=0.9)
    assert choice.differing == {"top_p"}


def test_what_is_chosen_is_that_of_new_chats_when_it_is_made_that(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "s.json")
    choice = SamplingChoice(store)
    choice.choose(GLM_CODE.key)
    choice.set_value("seed", 5)
    assert SamplingChoice(store).preset.key == MODEL_DEFAULTS
    choice.make_that_of_new_chats()
    store.save()
    again = SettingsStore(tmp_path / "s.json")
    assert again.load() == []
    restored = SamplingChoice(again)
    assert restored.current == replace(GLM_CODE.sampling, seed=5)
    assert restored.preset.key == GLM_CODE.key


def test_what_was_changed_holds_for_a_model_with_other_defaults(settings: SettingsStore) -> None:
    """The demo model's greedy choice is not taken for the person's."""
    choice = SamplingChoice(settings)
    choice.set_model_defaults(GREEDY.sampling)
    choice.set_value("seed", 5)
    choice.make_that_of_new_chats()
    again = SamplingChoice(settings)
    again.set_model_defaults(GLM_CODE.sampling)
    assert again.current == replace(GLM_CODE.sampling, seed=5)


def test_a_preset_that_is_deleted_elsewhere_stays_with_its_values(
    settings: SettingsStore, panel: SamplingPanel, choice: SamplingChoice
) -> None:
    choice.set_value("top_k", 7)
    choice.save_as("Mine")
    key = choice.use.preset
    remove_preset(settings, key)
    choice.set_value("min_p", 0.1)
    panel.refresh()
    assert panel._presets.combo.currentText() == "Mine (deleted)"
    assert (choice.use.label, choice.current.top_k, choice.current.min_p) == ("Mine", 7, 0.1)
    assert not panel._presets._delete.isEnabled()
    choice.make_that_of_new_chats()
    again = SamplingChoice(settings)
    assert again.preset.key == MODEL_DEFAULTS
    assert again.current == choice.current


def test_builtin_presets_cannot_be_removed(choice: SamplingChoice) -> None:
    choice.choose(GLM_CODE.key)
    with pytest.raises(KnownError):
        choice.remove()
    with pytest.raises(KnownError):
        choice.update()
