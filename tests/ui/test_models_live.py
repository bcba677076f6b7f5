"""What the model page makes of the real services."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from app.bootstrap import build
from app.catalog.cards import shipped_cards
from app.catalog.hub import Hub, HubStats, RepoSummary
from app.catalog.refusals import UnreachableError
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.library.types import InstalledModel, ModelFile, Source
from app.planning.offers import Offer, Offers
from app.ui.application import Desktop, application
from app.ui.models.live import LiveSource, installed_paths
from app.ui.models.page import ModelsPage
from app.ui.models.source import Findings, FoundRepo
from app.ui.pages import page_builders
from tests.gguf.glm46 import GLM_46
from tests.planning.made import candidate, header_of, shipped
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.scripted import ScriptedBackend

REPO = "unsloth/GLM-4.6-GGUF"
QUANT = "UD-Q2_K_XL"


def offers() -> Offers:
    made = replace(candidate(GLM_46, QUANT), repository=REPO)
    return Offers(REPO, (Offer(made, header_of(GLM_46, QUANT)),))


def installed(**changes: object) -> InstalledModel:
    path = Path("/models/first.gguf")
    size = candidate(GLM_46, QUANT).size_bytes
    model = InstalledModel(
        "key",
        "GLM-4.6 UD-Q2_K_XL",
        "GLM-4.6",
        QUANT,
        Source("hub-cache", "Hugging Face", Path("/models")),
        (ModelFile(path, path, size, size, 0, (1, 2)),),
        "complete",
        path=path,
        publisher="Unsloth",
        repo="GLM-4.6-gguf",
    )
    return replace(model, **changes)  # type: ignore[arg-type]


def test_what_is_whole_and_of_this_repository_can_be_loaded() -> None:
    assert installed_paths(offers(), [installed()]) == {QUANT: "/models/first.gguf"}


def test_what_is_not_whole_or_another_quantization_cannot() -> None:
    others = [
        installed(state="partial"),
        installed(path=None),
        installed(quantization="Q4_K_M"),
        installed(publisher="bartowski", files=()),
    ]
    assert installed_paths(offers(), others) == {}


def test_the_same_bytes_from_elsewhere_are_the_same_model() -> None:
    elsewhere = installed(publisher="", repo="", model="zai-org_GLM-4.6")
    assert installed_paths(offers(), [elsewhere]) == {QUANT: "/models/first.gguf"}
    assert installed_paths(offers(), [replace(elsewhere, model="GLM-4.7")]) == {}
    listed = replace(offers().offers[0].candidate, exact=False, repository="x/y")
    assert installed_paths(Offers("x", (Offer(listed),)), [elsewhere]) == {}


class OneHub:
    """The services of a program whose Hub finds these repositories."""

    def __init__(self, *found: RepoSummary) -> None:
        self.found = found

    @property
    def hub(self) -> "OneHub":
        return self

    def search(self, text: str, limit: int = 40) -> tuple[RepoSummary, ...]:  # noqa: ARG002
        if not self.found:
            raise UnreachableError("The Hub cannot be reached.", "", "")
        return self.found

    def stats(self, repo: str) -> HubStats:  # noqa: ARG002
        return HubStats(downloads=77)


def source(*found: RepoSummary) -> LiveSource:
    return LiveSource(cast(Services, OneHub(*found)))


def test_publishers_offer_the_model_itself_and_the_popular_one_comes_first() -> None:
    card = shipped_cards().cards[0]
    found = source(
        RepoSummary("bartowski/zai-org_GLM-4.6-GGUF", HubStats(5)),
        RepoSummary("unsloth/GLM-4.6-GGUF", HubStats(50)),
        RepoSummary("someone/GLM-4.6-REAP-268B-GGUF", HubStats(500)),
        RepoSummary("other/GLM-4.6V-GGUF", HubStats(500)),
        RepoSummary("secret/GLM-4.6-GGUF", HubStats(500), private=True),
    ).publishers(card, CancelToken())
    assert found == ("unsloth/GLM-4.6-GGUF", "bartowski/zai-org_GLM-4.6-GGUF")


def test_a_search_without_a_connection_looks_into_the_shipped_list() -> None:
    found = source().search("air unsloth", CancelToken())
    assert [one.repo for one in found.repos] == ["unsloth/GLM-4.5-Air-GGUF"]
    assert "comes with the program" in found.note
    with pytest.raises(UnreachableError):
        source().search("nothing of the kind", CancelToken())
    live = source(RepoSummary("a/B-GGUF", HubStats(9), gated=True)).search("b", CancelToken())
    assert live == Findings((FoundRepo("a/B-GGUF", 9, gated=True),))
    assert source(RepoSummary("a/B", HubStats())).downloads("a/B", CancelToken()) == 77


def test_the_whole_page_on_the_real_services(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: the shipped list, on a recorded machine, with every tab."""

    def nobody(*_: object) -> None:
        raise UnreachableError("The Hub cannot be reached.", "", "")

    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(Hub, "search", nobody)
    services = build(shipped("workstation-256gb-3090"))
    builders = page_builders(services)
    desktop = Desktop(
        application(), ScriptedBackend(), services.settings, {"models": builders["models"]}
    )
    try:
        desktop.window.show()
        qtbot.addWidget(desktop.window)
        desktop.window.go("models")
        page = desktop.window._pages["models"]
        assert isinstance(page, ModelsPage)

        def settled() -> bool:
            board = page.board
            return board is not None and board.table is not None and not board.reading

        qtbot.waitUntil(settled, timeout=TIMEOUT_MS)
        status = page.findChild(QLabel, "tableStatus")
        assert status is not None and "as far as they were known then" in status.text()
        for key in ("about", "gpus", "best", "build", "quantizations"):
            tab = page.findChild(QAbstractButton, f"modelTab-{key}")
            assert tab is not None
            tab.click()
            assert page.view.tab == key
        assert page.board is not None and page.board.machine == services.loader.machine()
    finally:
        desktop.window.close()
        assert desktop.close()
        services.close()
