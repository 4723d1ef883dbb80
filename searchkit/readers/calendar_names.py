"""Which month and which weekday does a name mean? In the languages in which papers and archives print their dates."""

from __future__ import annotations

import re

_MONTHS = """
january jan janvier januar januari enero gennaio janeiro jänner
february feb février fevrier februar februari febrero febbraio fevereiro
march mar mars märz marz maart marzo março marco marts
april apr avril abril aprile
may mai mei mayo maggio maio maj
june jun juin juni junio giugno junho
july jul juillet juli julio luglio julho
august aug août aout augustus agosto augusti
september sept sep septembre septiembre settembre setembro
october oct octobre oktober octubre ottobre outubro
november nov novembre noviembre novembro
december dec décembre decembre dezember diciembre dicembre dezembro
"""
# Short forms that are words elsewhere: good only where the whole text is a date.
_SHORT_MONTHS = """
january janv jän ene gen
february févr fév fevr fev febr
march mär mrz mrt
april avr abr
may mag
june giu
july juil lug
august ago
september set setiembre
october okt ott out
november
december déc dez dic
"""
_WEEKDAYS = """
monday mon lundi montag lunes lunedì lunedi maandag segunda-feira måndag mandag
tuesday tue tues mardi dienstag martes martedì martedi dinsdag terça-feira tisdag tirsdag
wednesday wed mercredi mittwoch miércoles miercoles mercoledì mercoledi woensdag quarta-feira onsdag
thursday thu thurs jeudi donnerstag jueves giovedì giovedi donderdag quinta-feira torsdag
friday fri vendredi freitag viernes venerdì venerdi vrijdag sexta-feira fredag
saturday sat samedi samstag sonnabend sábado sabado sabato zaterdag lördag lørdag
sunday sun dimanche sonntag domingo domenica zondag söndag søndag
"""


def _english(listed: str) -> dict[str, str]:
    """The English name (the first of its line) of each name."""
    return {name: row.split()[0] for row in listed.strip().split("\n") for name in row.split()}


MONTH_OF = _english(_MONTHS)
"""The English name of each month, small letters throughout."""

ANY_MONTH_OF = {**_english(_SHORT_MONTHS), **MONTH_OF}
"""The same, with short forms that are other words outside of a date."""

WEEKDAY_OF = _english(_WEEKDAYS)
"""The English name of each weekday."""

MONTH_NUMBERS = {row.split()[0]: number for number, row in enumerate(_MONTHS.strip().split("\n"), start=1)}
"""The number of each English name of a month."""


def any_of(names: dict[str, str]) -> str:
    """A regular expression for any of the names, the longest first."""
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))
