"""The IPTC's own examples of NewsML-G2 and ninjs: what each of them gives, be it the reason why it gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

SAME_AS_NTB = ("Google har kjøpt giganttomt i Skien", "2019-08-09", "IT-giganten Google har kjøpt en tomt på nærmere")
NO_NEWS = "is {}, which is not indexed as news"

# An article is its title, its day and how its text begins; a problem is its reason.
PINS: dict[str, list[tuple[str, str, str] | str]] = {
    "newsml-g2/LISTING_1_A_NewsML-G2_News_Item.xml": [('Fed to halt QE to avert "bubble"', "2018-10-21", "")],
    "newsml-g2/LISTING_2_NewsML-G2_Text_Document.xml": [
        ('Fed to halt QE to avert "bubble"', "2018-11-21", "(New York, NY - October 21) Et, sent luptat luptat,")
    ],
    "newsml-g2/LISTING_3_Photo_in_NewsML-G2.xml": [
        f"{NO_NEWS.format('a picture')}: Variety Of Recessionary Forces Leave Las Vegas Economy Scarred"
    ],
    "newsml-g2/LISTING_6_Simple_NewsML-G2_Package.xml": [f"{NO_NEWS.format('a package')}: UK"],
    "newsml-g2/LISTING_22_Sports_story_in_NewsML-G2NITF.xml": [
        (
            "Preview: Arizona Diamondbacks (29-23) at Philadelphia Phillies (26-24), 7:05 p.m.",
            "2018-10-19",
            "(Sports Network) - A pair of teams coming off big",
        )
    ],
    "newsml-g2/LISTING_24_News_Message_conveying_a_complete_News_Package.xml": [
        NO_NEWS.format("a package"),
        *["holds no text"] * 4,
    ],
    "newsml-g2/LISTING_25_An_NITF_marked-up_article_conveyed_in_inlineXML.xml": [
        (
            "Arizona Diamondbacks (29-23) at Philadelphia Phillies (26-24), 7:05p.m.",
            "",
            "A pair of teams coming off big weekend sweeps",
        )
    ],
    "newsml-g2/LISTING_28_Illustrating_Located_Subject_and_Dateline.xml": [
        "is XML, but of no format of news that is known here: its root is <contentmeta>"
    ],
    "newsml-g2/ap_metadata_example.xml": [NO_NEWS.format("a video")],
    "ninjs/ap_image.json": [f"{NO_NEWS.format('a picture')}: Turkey Islamic State"],
    "ninjs/businesswire-newsml-20130731006140.json": [
        (
            "Lunch Taking a Toll? Let Applebee’s® Industrial Strength Lunch Decoy Stand In",
            "2013-07-31",
            "With more Applebee’s® Lunch Combos than ever – enough to try a new",
        )
    ],
    "ninjs/dpa_text.json": [
        (
            "Faktencheck Derby-Elfmeter: Hat Schiedsrichter Zwayer recht?",
            "2019-05-10",
            "Für Lucien Favre war es «der größte Skandal",
        )
    ],
    "ninjs/ninjsExSimpleText_2.json": [
        (
            "Captain of wrecked cruise ship on trial in Italy",
            "2013-07-09",
            "GROSSETO, Italy (AP) -- The trial of the captain",
        )
    ],
    "ninjs/ntb_text.json": [SAME_AS_NTB],
    "ninjs/3.0/ntb_text.json": [SAME_AS_NTB],
    "ninjs/3.0/20231008-anti-doping-measures-at-the-tour-down-under-will-be-the-toughest-ever-addb-ninjs-nitf.json": [
        (
            "Anti-doping measures at the 'Tour Down Under' will be the toughest ever",
            "2023-10-08",
            "The Australian Sports Anti-Doping Authority (ASADA) today announced",
        )
    ],
}


@pytest.fixture(scope="module")
def wire(corpora: Path) -> Path:
    folder = corpora / "wire"
    if not folder.is_dir():
        pytest.skip(f"no examples of the IPTC at {folder}")
    return folder


def test_every_example_is_pinned(wire: Path) -> None:
    files = {file.relative_to(wire).as_posix() for file in wire.rglob("*") if file.is_file()}
    assert files == set(PINS)


@pytest.mark.parametrize("name", PINS, ids=lambda name: name.rpartition("/")[2][:40])
def test_example(name: str, wire: Path) -> None:
    items = list(open_articles(wire / name, name))
    assert len(items) == len(PINS[name])
    for item, pin in zip(items, PINS[name], strict=True):
        if isinstance(pin, str):
            assert isinstance(item, Problem)
            assert item.reason == pin
        else:
            assert isinstance(item, Article)
            date = item.date.isoformat() if item.date else ""
            assert (item.title, date) == pin[:2]
            assert item.body.startswith(pin[2])
            assert bool(item.body) == bool(pin[2])
