"""What is said about the models."""

import json
import re
from datetime import date

import pytest

from app.catalog.cards import Card, read_cards, shipped_cards
from app.catalog.names import is_repository_name
from app.catalog.shipped import shipped_catalogue
from app.core.paths import resources_dir
from app.planning.dimensions import published_dimensions

CARDS = shipped_cards().cards
TEXT = (resources_dir() / "cards.json").read_text(encoding="utf-8")


def test_the_whole_family_is_there_with_glm_46_first() -> None:
    names = [card.name for card in CARDS]
    assert names[0] == "GLM-4.6"
    assert {
        "GLM-4.5", "GLM-4.5-Air", "GLM-4.6V", "GLM-4.6V-Flash", "GLM-4.7", "GLM-4.7-Flash",
        "GLM-4-9B-0414", "GLM-4-32B-0414", "GLM-5", "GLM-5.1", "GLM-5.2", "GLM-5.3",
        "GLM-5.3-Flash",
    } == set(names[1:])  # fmt: skip
    assert len(names) == len(set(names))


def test_glm_46() -> None:
    card = CARDS[0]
    assert card.parameters is not None and round(card.parameters.value / 10**9) == 357
    assert card.active_parameters is not None
    assert round(card.active_parameters.value / 10**9) == 32
    assert any("12B" in remark and "Air" in remark for remark in card.remarks)
    assert card.architecture is not None
    made = card.architecture.value
    assert (made.layers, made.mtp_layers, made.kv_heads, made.head_length) == (92, 1, 8, 128)
    assert (made.experts, made.experts_used, made.shared_experts) == (160, 8, 1)
    assert card.architecture.how == "measured"
    assert {link.title.partition(" (")[0] for link in card.links} == {
        "Model card", "Technical report", "Blog",
    }  # fmt: skip


def test_both_published_sets_of_benchmarks_are_kept_apart() -> None:
    with_thinking, without, copied = CARDS[0].benchmarks
    assert (with_thinking.thinking, without.thinking, copied.thinking) == (True, False, None)
    for made, expected in (
        (with_thinking, (93.9, 81.0, 82.8, 17.2)),
        (without, (44.3, 63.2, 56.1, 5.2)),
        (copied, (85.3, 71.9, 16.0, 8.9)),
    ):
        names = ("AIME 2025", "GPQA Diamond", "LiveCodeBench v6", "Humanity's Last Exam")
        found = [made.find(name) for name in names]
        assert tuple(result.value for result in found if result) == expected
    indices = [copied.find(f"AA {name} Index") for name in ("Intelligence", "Coding", "Math")]
    assert [(one.value, one.unit) for one in indices if one] == [
        (23.4, "points"), (19.7, "points"), (85.3, "points"),
    ]  # fmt: skip


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_card_is_whole(card: Card) -> None:
    assert is_repository_name(card.repository)
    assert all(is_repository_name(repo) for repo in card.repositories)
    assert card.about.endswith(".") and "!" not in card.about
    assert "chat" in card.tags
    assert card.context_tokens is not None and card.context_tokens.value % 1024 == 0
    assert card.released is not None
    assert re.fullmatch(r"\d{4}-\d\d(-\d\d)?", card.released.value)
    for fact in (card.parameters, card.active_parameters, card.architecture, card.sampling):
        assert fact is None or fact.source
    for made in card.benchmarks:
        assert made.results and all(0 <= result.value <= 100 for result in made.results)


def test_cards_dimensions_and_catalogue_agree() -> None:
    dimensions = published_dimensions()
    for card in CARDS:
        known = dimensions.get(card.name)
        if known is None:
            continue
        assert card.architecture is not None and card.parameters is not None
        made = card.architecture.value
        assert card.context_tokens is not None and card.context_tokens.value == known.context
        assert (made.gguf, made.experts, made.experts_used, made.heads, made.hidden) == (
            known.architecture, known.experts, known.experts_used, known.heads, known.embedding,
        )  # fmt: skip
        assert made.layers == known.blocks - known.mtp_blocks
        assert abs(card.parameters.value / known.parameters - 1) < 0.05
    listed = {entry.repo: entry.base for entry in shipped_catalogue().repos}
    for card in CARDS:
        assert all(listed[repo] == card.name for repo in card.repositories)


def test_a_repository_leads_to_its_card() -> None:
    cards = shipped_cards()
    found = cards.of_repository("Unsloth/glm-4.5-air-gguf")
    assert found is not None and found.name == "GLM-4.5-Air"
    assert cards.of_repository("zai-org/GLM-4.6") is CARDS[0]
    assert cards.of_repository("owner/Other") is None
    assert cards.find("glm-4.7") is not None
    date.fromisoformat(cards.collected)


@pytest.mark.parametrize(
    ("before", "after"),
    [('"how": "quoted"', '"how": "guessed"'), ("https://", "http://"), ('"family"', '"nowhere"')],
)
def test_a_damaged_file_is_refused(before: str, after: str) -> None:
    assert before in TEXT
    with pytest.raises((ValueError, KeyError)):
        read_cards(TEXT.replace(before, after, 1))
    json.loads(TEXT)
