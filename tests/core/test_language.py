"""Sentences that are looked up in another language."""

from collections.abc import Iterator

import pytest

from app.core.language import mark, sentences, tr, use_language


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use_language(None)


def test_english_is_what_stands_in_the_code() -> None:
    assert tr("{n} files", n=3) == "3 files"
    assert mark("Chat") == tr("Chat") == "Chat"
    assert tr("100 % of {it") == "100 % of {it"


def test_another_language_is_looked_up_with_its_names() -> None:
    use_language({"{size} of {total}": "共 {total}，其中 {size}"}.get)  # type: ignore[arg-type]
    assert tr("{size} of {total}", size="1 GB", total="2 GB") == "共 2 GB，其中 1 GB"


def test_what_is_not_translated_stays_english() -> None:
    use_language(lambda _: "")
    assert tr("{n} files", n=3) == "3 files"


@pytest.mark.parametrize("broken", ["{other}", "{n", "{n.__class__.nothing}", "{0}", "{n:zz}"])
def test_a_translation_that_does_not_work_breaks_nothing(broken: str) -> None:
    use_language(lambda _: broken)
    assert tr("{n} files", n=3) == "3 files"


def test_nothing_is_looked_up_for_nothing() -> None:
    asked: list[str] = []

    def lookup(text: str) -> str:
        asked.append(text)
        return "what stands at the head of the file"

    use_language(lookup)
    assert tr("") == ""
    assert asked == []


def test_sentences_stand_behind_each_other() -> None:
    assert sentences("One.", "", "Two.") == "One. Two."
    assert sentences("一句。", "两句。", "GPU。") == "一句。两句。GPU。"
    assert sentences("", "One.") == "One."
