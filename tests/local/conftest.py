"""An index for every test of Whoosh over searchkit: once of one segment, once of several with deletions."""

from __future__ import annotations

import random

import pytest
from local.whoosh_news import News, leave_table, make_articles
from whoosh.index import FileIndex, open_dir

from searchkit.article import Article
from searchkit.local import open_writer


@pytest.fixture(scope="module", params=["one segment", "several, with deletions"])
def news(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> News:
    path = tmp_path_factory.mktemp("news") / "index"
    articles: dict[str, Article] = {}
    with open_writer(path, workers=1) as writer:
        for seed, count in ((1, 500), (2, 60), (3, 20)):
            for article in make_articles(seed, count):
                articles[article.id] = article
                writer.put(article)
            if request.param != "one segment":
                for key in random.Random(seed).sample(sorted(articles), 20):
                    del articles[key]
                    writer.remove(key)
                writer.commit()
        writer.commit()
    leave_table(path)
    return News(path, articles)


@pytest.fixture
def index(news: News) -> FileIndex:
    return open_dir(str(news.path))
