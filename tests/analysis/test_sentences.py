"""A sentence ends at its stop, not at a title, a state or an initial."""

from __future__ import annotations

import pytest

from searchkit.analysis import sentence_starts, word_spans


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("Sen. Akaka met Mr. Brown. They talked.", ["Sen. Akaka met Mr. Brown.", "They talked."]),
        ("The U.S. Senate voted. Done.", ["The U.S. Senate voted.", "Done."]),
        ("“That’s enough,” he said. “Go!” They went.", ["“That’s enough,” he said.", "“Go!”", "They went."]),
        ("First\n\nsecond line\nwrapped", ["First", "second line\nwrapped"]),
        ("At 3.14 p.m. it ended. 12 were hurt.", ["At 3.14 p.m. it ended.", "12 were hurt."]),
        ("他走了。她留下。", ["他走了。", "她留下。"]),
        ("", [""]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    starts = sentence_starts(text, list(word_spans(text)))
    pieces = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert pieces == sentences
