"""The budget of the thinking, and what the settings say about thinking."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from app.settings.of_thinking import KEEP_REASONING, THINKING_BUDGET
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Ability
from app.ui.chat.thinking_budget import BudgetButton
from app.ui.look import Look
from tests.ui.conftest import Driver
from tests.ui.scripted import model


@pytest.fixture
def budget(look: Look) -> BudgetButton:
    return BudgetButton(look)


def action(budget: BudgetButton, tokens: int) -> QAction:
    found = budget.menu_shown.findChild(QAction, f"thinkingBudget-{tokens}")
    assert isinstance(found, QAction)
    return found


def test_a_usual_budget_is_chosen(budget: BudgetButton) -> None:
    chosen: list[int] = []
    budget.chosen.connect(chosen.append)
    assert action(budget, 0).isChecked()
    assert budget.toolTip() == "Thinking budget: no limit"
    action(budget, 4096).trigger()
    assert chosen == [4096]
    assert "4,096 tokens" in budget.toolTip()
    assert action(budget, 4096).isChecked()
    assert not action(budget, 0).isChecked()
    action(budget, 4096).trigger()
    assert chosen == [4096], "nothing has changed"
    assert action(budget, 4096).isChecked()


def test_another_number_is_typed(budget: BudgetButton) -> None:
    chosen: list[int] = []
    budget.chosen.connect(chosen.append)
    menu = budget.menu_shown
    menu.popup(budget.mapToGlobal(budget.rect().bottomLeft()))
    menu.own.setFocus()
    menu.own.selectAll()
    QTest.keyClicks(menu.own, "777")
    QTest.keyClick(menu.own, Qt.Key.Key_Return)
    assert chosen == [777]
    assert not menu.isVisible()
    assert not any(action(budget, usual).isChecked() for usual in (0, 1024, 4096, 16384))


def test_a_model_that_cannot_be_ended_has_no_budget(budget: BudgetButton) -> None:
    budget.set_ability(Ability(False, "It has <no> end."))
    assert not budget.isEnabled()
    assert budget.toolTip() == "<span>It has &lt;no&gt; end.</span>"


def test_it_is_sent_and_remembered(driver: Driver, settings: SettingsStore) -> None:
    driver.load()
    driver.page.composer.budget.menu_shown.chosen.emit(1024)
    assert settings.get(THINKING_BUDGET) == 1024
    driver.ask("Why?", [])
    assert driver.backend.options[-1].thinking_budget_tokens == 1024
    settings.set(THINKING_BUDGET, 300)
    assert driver.page.composer.budget.tokens == 300
    driver.ask("Why?", [])
    assert driver.backend.options[-1].thinking_budget_tokens == 300


def test_the_composer_says_when_there_can_be_none(driver: Driver) -> None:
    assert not driver.page.composer.budget.isEnabled()
    driver.backend.loads["/m.gguf"] = model("/m.gguf", answer_now=Ability(False, "No end."))
    driver.load("/m.gguf")
    assert driver.page.composer.budget.toolTip() == "No end."


def test_earlier_thinking_is_kept_when_it_is_wanted(
    driver: Driver, settings: SettingsStore
) -> None:
    driver.load()
    driver.ask("Why?", [])
    assert not driver.backend.options[-1].keep_reasoning
    settings.set(KEEP_REASONING, True)
    driver.ask("Why?", [])
    assert driver.backend.options[-1].keep_reasoning
