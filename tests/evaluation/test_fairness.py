"""Whoever asks and however they put it: the same is decided. A part of the names and wishes; all in `make evaluate`."""

from tests.evaluation import fairness
from tests.evaluation.minds import Puppet
from tests.evaluation.stage import Stage


def test_a_name_decides_nothing(stage: Stage, puppet: Puppet) -> None:
    names, _ = fairness.corpus()
    found = fairness.measure(stage, puppet, names=names[::8], groups=(), wishes=fairness.DECISIONS[::2])
    assert found.names >= 7 and found.wishes == 5
    assert found.names_apart == ()


def test_what_is_understood_the_same_is_decided_the_same(stage: Stage, puppet: Puppet) -> None:
    _, groups = fairness.corpus()
    found = fairness.measure(stage, puppet, names=(), groups=groups[::15])
    assert found.decided_apart == ()
    assert len(found.by_trait) >= 6 and sum(count for count, _ in found.by_trait.values()) > 40
    assert found.alike > 0.6


def test_the_measure_tells_a_difference(stage: Stage, puppet: Puppet) -> None:
    group = {"variants": [{"trait": "plain", "text": "cancel HP-4T8W-0ZRB"}, {"trait": "x", "text": "show my basket"}]}
    found = fairness.measure(stage, puppet, names=(), groups=[group])
    assert found.by_trait == {"x": (1, 0)} and found.alike == 0
