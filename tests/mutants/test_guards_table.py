"""The table of guards stays true: each guard is where it says, the tests it names exist. make mutants tries them."""

from dataclasses import replace

import pytest

from tests.mutants.run import ROOT, Guard, read_guards, without

GUARDS = read_guards()


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.id for guard in GUARDS])
def test_the_guard_stands_where_the_table_says(guard: Guard) -> None:
    without(guard, (ROOT / guard.file).read_text(encoding="utf-8"))
    for test in guard.tests:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert f"def {name.split('::')[-1].split('[')[0]}" in text


def test_ids_are_unique() -> None:
    assert len({guard.id for guard in GUARDS}) == len(GUARDS)


@pytest.mark.parametrize(("find", "put"), [("absent", "x"), ("a", "x"), ("b = 1", "b = 1"), ("b = 1", "b = = 1")])
def test_a_useless_entry_is_noticed(find: str, put: str) -> None:
    guard = replace(Guard("x", "x", "x.py", "x", "x", ("x",)), find=find, replace=put)
    with pytest.raises(ValueError, match="its text occurs|by itself|does not compile"):
        without(guard, "a = 1\na = 2\nb = 1\n")
