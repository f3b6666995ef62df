from __future__ import annotations

from pathlib import Path

from dispatch.engine.kernel import compiled as door
from dispatch.engine.kernel.compiled import compiled, digest_of_kernels, is_compiled, kept_in


def test_code_is_kept_beside_the_source_by_its_text():
    kept = kept_in("")
    assert kept.parent == door.HERE / "__pycache__"
    assert kept.name == f"kernels-{digest_of_kernels()}"


def test_or_where_the_operator_says():
    assert kept_in("/var/lib/atmr/numba").parent == Path("/var/lib/atmr/numba")


def test_or_at_home_where_the_source_is_read_only(monkeypatch, tmp_path):
    monkeypatch.setattr("os.access", lambda *_args: False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kept_in("").parent == tmp_path / ".cache" / "atmr"


def test_another_text_is_another_folder(monkeypatch, tmp_path):
    (tmp_path / "timing.py").write_text("a = 1\n")
    monkeypatch.setattr(door, "HERE", tmp_path)
    before = digest_of_kernels()
    (tmp_path / "timing.py").write_text("a = 2\n")
    assert digest_of_kernels() != before
    assert kept_in("").parent == tmp_path / "__pycache__"


def test_what_was_compiled_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(door, "_KEPT_IN", str(tmp_path))
    assert not is_compiled()
    (tmp_path / "kernel_1").mkdir()
    (tmp_path / "kernel_1" / "anneal.anneal-1.py311.1.nbc").touch()
    assert is_compiled()


def test_what_numba_does_elsewhere_is_left_alone():
    chosen = door.config.CACHE_DIR
    compiled(lambda: 1)
    assert chosen == door.config.CACHE_DIR
