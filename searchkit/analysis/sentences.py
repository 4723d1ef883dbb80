"""Where does a sentence begin? Borders for snippets and headlines."""

from __future__ import annotations

import re

# A stop, what may close a quotation behind it, and a blank before something that can open a sentence.
_BORDER = re.compile(r"(?:[.!?…]+[\"'”’)\]]*\s+|[。！？]+[」』）]*\s*)(?=[\"'“‘(\[]*[^\W_a-z])|\n\s*\n\s*")
# Words that end in a full stop without ending the sentence: titles, months, states, initials.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Sens|Rep|Reps|Gov|Gen|Col|Lt|Capt|Sgt|Maj|Adm|Cmdr|Rev|Hon|Pres|St|Ste|Mt|Ft"
    r"|Jr|Sr|Bros|No|Nos|vs|v|Art|Sec|Fig|Vol|pp?|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Md|Mass|Mich|Minn|Miss|Mo|Mont|Neb|Nev"
    r"|Okla|Ore|Pa|Penn|Tenn|Tex|Va|Vt|Wash|Wis|Wyo)|\b[A-Z](?:\.[A-Z])*)\.$"
)
_LONGEST_ABBREVIATION = 16


def sentence_starts(text: str) -> list[int]:
    """Character offsets at which the sentences of ``text`` begin, ascending; the first is 0.

    A blank line ends a sentence; a single line break does not.
    """
    starts = [0]
    for match in _BORDER.finditer(text):
        at = match.start()
        if text[at] == "." and _ABBREVIATION.search(text, max(0, at - _LONGEST_ABBREVIATION), at + 1):
            continue
        if 0 < match.end() < len(text):
            starts.append(match.end())
    return starts
