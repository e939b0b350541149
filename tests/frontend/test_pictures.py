"""Every picture is a safe, well-formed document of its own, and the same for the same arguments."""

from xml.etree import ElementTree

import pytest

from frontend.art import COLOURS, KINDS, picture

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {SVG + tag for tag in ("svg", "title", "g", "path", "rect", "ellipse")}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_picture_holds_shapes_only_and_names_itself(kind: str) -> None:
    for seed in range(6):
        root = ElementTree.fromstring(picture(kind, COLOURS["pine"], seed=seed))  # noqa: S314
        assert {node.tag for node in root.iter()} <= DRAWN
        assert not {name for node in root.iter() for name in node.attrib if name in ("style", "href", "class")}
        assert root.findtext(SVG + "title") == f"Pine {kind.replace('_', ' ')}"


def test_the_colour_and_the_seed_decide_the_picture() -> None:
    pine, rust = COLOURS["pine"], COLOURS["rust"]
    assert picture("tent", pine) == picture("tent", pine)
    assert len({picture("tent", pine), picture("tent", rust), picture("tent", pine, seed=1)}) == 3


def test_there_are_twenty_colours_and_enough_kinds() -> None:
    assert len(COLOURS) == 20
    assert len(KINDS) >= 34
