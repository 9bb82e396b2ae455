"""Whose a text is, and what is left of a name in the bytes of a file."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.traces import search
from hub.store.whose import Whose, markers_of, names, without
from hub.store.wipe import wipe


def test_a_trace_in_free_bytes_is_found_and_a_longer_word_in_use_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA secure_delete = OFF")
    conn.execute("CREATE TABLE t (value TEXT, n INTEGER)")
    conn.execute("INSERT INTO t VALUES ('supermarket', 1), ('a mark', 2)")
    conn.execute("INSERT INTO t VALUES ('nothing', 3)")
    found = search(tmp_path, [path], ["mark"])
    assert {trace.offset == -1 for trace in found.traces} == {True, False}
    conn.execute("DELETE FROM t WHERE n = 2")
    left = search(tmp_path, [path], ["mark"])
    assert [trace.offset > 0 for trace in left.traces] == [True]
    conn.execute("VACUUM")
    conn.close()
    clean = search(tmp_path, [path], ["mark", "ab"])
    assert clean.traces == ()
    assert clean.files == 1
    (tmp_path / "note.txt").write_text("the mark of zorro")
    (tmp_path / "empty").touch()
    assert [trace.file for trace in search(tmp_path, [path], ["mark"]).traces] == ["note.txt"]


@pytest.mark.parametrize(
    ("marker", "text", "named"),
    [
        ("mira", "mira", True),
        ("mira", "for mira, now", True),
        ("mira", "mira_calm", True),
        ("mira", "admiral", False),
        ("mira", "admiral mira", True),
        ("mira", "mirage", False),
        ("mira", "Mira", False),
        ("Mira Zöll", "is Mira Zöll sad", True),
        ("mira", "", False),
        ("", "mira", False),
    ],
)
def test_a_name_counts_as_a_word(marker: str, text: str, named: bool) -> None:
    assert names(marker, text) is named
    assert names(marker, without(marker, text)) is False


@given(st.text("mira_ 5", max_size=30))
def test_a_text_without_its_marker_does_not_name_it(text: str) -> None:
    assert not names("mira", without("mira", text, "x"))


def test_markers_are_what_texts_may_hold() -> None:
    assert markers_of("mira", "Mira 2") == ("Mira \x1a", "Mira 2", "mira")
    assert markers_of("p7", "7") == ("p7", "7")
    assert markers_of("mira", " ") == ("mira",)
    assert markers_of("zoe", 'Zoë "Z"') == (
        *('Zo\\u00eb \\"Z\\"', 'Zoë \\"Z\\"', 'Zoë "Z"', "zoe"),
    )


def test_an_unknown_table_is_a_defect() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Whose("mira", None, shared=True, words=()).condition("nonsense")


def test_wiped_files_are_overwritten_before_they_go(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"secret" * 1000)
    (tmp_path / "link").hardlink_to(path)
    assert wipe([path, tmp_path / "none"]) == 1
    assert not path.exists()
    assert (tmp_path / "link").read_bytes() == bytes(6000)
