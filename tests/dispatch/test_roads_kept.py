"""Tables that a process keeps: what was used last stays, as far as there is room."""

from __future__ import annotations

from dispatch.roads.kept import Kept


def test_what_was_used_last_stays() -> None:
    kept: Kept[str] = Kept(most=30)  # pairs
    kept.keep("a", "A", 3)
    kept.keep("b", "B", 3)
    kept.keep("c", "C", 3)
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == ("A", "B", "C")
    kept.find("a")
    kept.keep("d", "D", 3)  # 36 pairs: b was used longest ago
    assert (kept.find("a"), kept.find("b"), kept.find("c"), kept.find("d")) == ("A", None, "C", "D")


def test_one_that_is_large_drives_out_several() -> None:
    kept: Kept[str] = Kept(most=30)
    for name in "abc":
        kept.keep(name, name.upper(), 3)
    kept.keep("large", "L", 5)  # 25 pairs beside 9 are too many
    assert [kept.find(name) for name in ("a", "b", "c", "large")] == [None, None, None, "L"]


def test_one_without_room_drives_out_nobody() -> None:
    kept: Kept[str] = Kept(most=30)
    kept.keep("a", "A", 5)
    kept.keep("huge", "H", 6)
    assert (kept.find("a"), kept.find("huge")) == ("A", None)


def test_the_same_key_counts_once() -> None:
    kept: Kept[str] = Kept(most=30)
    for value in "XYZ":
        kept.keep("a", value, 3)
    kept.keep("b", "B", 4)  # 9 + 16
    assert (kept.find("a"), kept.find("b")) == ("Z", "B")


def test_all_is_forgotten_when_asked() -> None:
    kept: Kept[str] = Kept(most=30)
    kept.keep("a", "A", 5)
    kept.forget()
    assert kept.find("a") is None
    kept.keep("b", "B", 5)
    assert kept.find("b") == "B"
