"""Which language tag belongs to the name of a language, as the archives print it?"""

from __future__ import annotations

_NAMES = """
en english anglais englisch inglés inglese inglês engels 英語
fr french français francais französisch francés francese francês frans
de german deutsch allemand alemán tedesco alemão duits
es spanish español espanol espagnol spanisch castellano spagnolo espanhol spaans
it italian italiano italien italienisch italiaans
pt portuguese português portugues portugais portugiesisch portoghese portugees
nl dutch nederlands néerlandais niederländisch neerlandés olandese holandês
da danish dansk danois dänisch
sv swedish svenska suédois schwedisch
nb norwegian norsk norvégien norwegisch
fi finnish suomi finnois finnisch
pl polish polski polonais polnisch
cs czech čeština tchèque tschechisch
sk slovak slovenčina
hu hungarian magyar hongrois ungarisch
ro romanian română
bg bulgarian български
ru russian русский russe russisch ruso
uk ukrainian українська
tr turkish türkçe turc türkisch
el greek ελληνικά
he hebrew עברית
ar arabic العربية arabe arabisch
fa persian farsi
hi hindi
ja japanese 日本語 japonais japanisch
ko korean 한국어 coréen
zh chinese 中文 chinois chinesisch
id indonesian bahasa
ms malay malaysian
th thai
vi vietnamese
ca catalan català
"""
_TAGS = {name: row.split()[0] for row in _NAMES.strip().split("\n") for name in row.split()[1:]}
# The script or the country may follow: "Chinese - Traditional", "Portuguese (Brazil)".
_ENDS = " ;,-–(/"


def language_tag(name: str) -> str:
    """The tag ("en") of a language by its name in any of the great languages, or ''."""
    word = name.strip().lower()
    for end in _ENDS:
        word = word.partition(end)[0]
    return _TAGS.get(word, "")
