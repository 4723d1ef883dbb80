from typing_extensions import Buffer

def terms_of_articles(
    tokens: Buffer,
    bounds: Buffer,
    borders: Buffer,
    forms: Buffer,
    form_ends: Buffer,
    stem_of: Buffer,
    stems: Buffer,
    stem_ends: Buffer,
    norms: tuple[float, float, float, float, float],
    fineness: float,
) -> list[bytes]: ...
def words_standing(tokens: Buffer, bounds: Buffer, wanted: Buffer) -> list[tuple[list[int], list[int]]]: ...
