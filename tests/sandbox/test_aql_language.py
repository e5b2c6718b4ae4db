"""The query language: what parses, what does not and where it stops, how names get quoted."""

from __future__ import annotations

import pytest

from reconciler.sandbox import aql
from reconciler.sandbox.aql.values import before, moment
from tests.sandbox.policies.support import NOW

VALID = """
items.find()
items.find({})
items.find({"repo": {"$eq": "libs-release-local"}})
items.find({"type":{"$eq":"file"}})
items.find({"name": {"$match": "*.jar"}}).sort({"$asc": ["repo", "name"]}).offset(100).limit(50)
items.find({"stat.downloads": {"$eq": null}})
items.find({"stat.downloads": null})
items.find({"modified": {"$last": "3d"}})
items.find({"modified": {"$gt": "2012-07-16T19:20:30.45+01:00"}})
items.find({"created": {"$lt": "2012-07"}})
items.find({"@artifactory.licenses": {"$match": "*GPL*"}})
items.find({"@*": "GPL"})
items.find({"property.key": {"$eq": "license"}}, {"property.value": {"$eq": "*"}})
items.find({"$msp": [{"@license": {"$match": "*GPL*"}}, {"@license": {"$nmatch": "LGPL-2.1*"}}]})
items.find({"$or": [{"$and": [{"artifact.module.build.name": "b"}, {"size": {"$gt": "5"}}]}, {}]})
items.find({"repo": "my_local"}, {"name": {"$match": "*.jar"}}).include("path").distinct(false)
items.find({"repo": "remote-repo"}).transitive()
items.find({"repo": "remote-repo"}).include("name").transitive().limit(1)
items.find({"artifact.module.build.@os": {"$match": "linux*"}})
items . find ( { "size" : { "$gte" : 5 } } ) . limit ( 1 )
items.find({type: {$eq: "any"}, stat.downloads: {$gt: 1}})
items.find().include("*", "stat", "property.*", "@version")
"""


@pytest.mark.parametrize("text", VALID.strip().splitlines())
def test_parses(text: str) -> None:
    """Every form the reference shows is a query."""
    aql.parse(text)


REST = [
    ("builds.find({})", "builds.find({})"),
    ("items.search({})", "search({})"),
    ('items.find({"repo": {"$eq": "a"}).limit(5)', ").limit(5)"),
    ('items.find({"repo": "a"}', ""),
    ('items.find({"repo": "a"}) x', "x"),
    ('items.find({"nothing": "a"})', '"nothing": "a"})'),
    ('items.find({"name": {"$like": "*.jar"}})', '"$like": "*.jar"}})'),
    ('items.find({"$not": [{"name": "a"}]})', '"$not": [{"name": "a"}]})'),
    ('items.find({"size": {"$match": "1*"}})', '"$match": "1*"}})'),
    ('items.find({"size": {"$gt": "much"}})', '"much"}})'),
    ('items.find({"created": {"$gt": "2026-13-01"}})', '"2026-13-01"}})'),
    ('items.find({"name": {"$last": "3d"}})', '"$last": "3d"}})'),
    ('items.find({"type": "link"})', '"link"})'),
    ('items.find({"size": {"$gt": null}})', "null}})"),
    ('items.find({"name": true})', "true})"),
    ('items.find({"name": "a" "b"})', '"b"})'),
    ('items.find({"name": "a})', '"a})'),
    ('items.find({"$and": {"name": "a"}})', '{"name": "a"}})'),
    ('items.find({"$msp": [{"name": "a"}]})', '{"name": "a"}]})'),
    ("items.find({'name': 'a'})", "'name': 'a'})"),
    ('items.find({"name": "a"}).limit(1).sort({"$asc": ["name"]})', 'sort({"$asc": ["name"]})'),
    ('items.find({"name": "a"}).limit(-1)', "-1)"),
    ('items.find({"name": "a"}).limit("1")', '"1")'),
    ('items.find({"name": "a"}).distinct("true")', '"true")'),
    ('items.find({"name": "a"}).include("colour")', '"colour")'),
    ('items.find({"name": "a"}).sort({"$up": ["name"]})', '"$up": ["name"]})'),
    ('items.find({"name": "a"}).sort({"$asc": ["colour"]})', '"colour"]})'),
]


@pytest.mark.parametrize(("text", "rest"), REST)
def test_says_where_it_stops(text: str, rest: str) -> None:
    """The refusal repeats the query, and what is left from the place that makes no sense."""
    with pytest.raises(aql.AqlError) as caught:
        aql.parse(text)

    assert caught.value.message == (
        f"Failed to parse query: {text}, it looks like there is syntax error near the following "
        f"sub-query: {rest}"
    )
    assert text[caught.value.position :] == rest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'items.find({"created": {"$last": "3hours"}})',
            "Invalid relative date format for: 3hours",
        ),
        ('items.find({"modified": {"$before": "mo"}})', "Invalid relative date format for: mo"),
        (
            'items.find().sort({"$asc": ["name", "name"]})',
            "Duplicate fields, all the fields in the sort section should be unique.",
        ),
        (
            f'items.find({{"name": "{"a" * 6000}"}})',
            "AQL query is too long; please reduce the query length to less than 6000 chars",
        ),
    ],
)
def test_other_refusals(text: str, words: str) -> None:
    """Some mistakes have words of their own."""
    with pytest.raises(aql.AqlError) as caught:
        aql.parse(text)

    assert caught.value.message == words


def test_deep_nesting_is_refused() -> None:
    """A query nobody could evaluate is a refusal, not a crash."""
    depth = 640
    with pytest.raises(aql.AqlError):
        aql.parse("items.find(" + '{"$or":[' * depth + "]}" * depth + ")")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('items.find({"type":{$eq:"file"}})', 'items.find({"type":{"$eq":"file"}})'),
        ('items.find({repo: "a:{$eq}"})', 'items.find({"repo": "a:{$eq}"})'),
        ("items.find({stat.downloads: null})", 'items.find({"stat.downloads": null})'),
        (' items.find({"a b" : 1}) ', 'items.find({"a b" : 1})'),
    ],
)
def test_requote(sent: str, kept: str) -> None:
    """Names gain quotation marks; strings, spaces and numbers stay."""
    assert aql.requote(sent) == kept


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026", NOW),
        ("2026-01", NOW),
        ("2026-01-01T01:00:00+01:00", NOW),
        ("2026-01-01T00:00:00.500Z", NOW + 0.5),
        ("1767225600", NOW),
        ("1767225600000", NOW),
        ("2026-1-1", None),
        ("yesterday", None),
        ("2026-02-30", None),
    ],
)
def test_dates(text: str, seconds: float | None) -> None:
    """Partial dates are their beginning; zones count; bare numbers are moments too."""
    assert moment(text) == seconds


@pytest.mark.parametrize(
    ("span", "date"),
    [
        ("1d", "2025-12-31"),
        ("2w", "2025-12-18"),
        ("1mo", "2025-12-01"),
        ("11months", "2025-02-01"),
        ("2y", "2024-01-01"),
        ("60minutes", "2025-12-31T23:00:00Z"),
        ("1000ms", "2025-12-31T23:59:59Z"),
    ],
)
def test_spans(span: str, date: str) -> None:
    """Months and years are those of the calendar."""
    assert before(NOW, span) == moment(date)


def test_a_month_before_the_last_of_march() -> None:
    """A day the month does not have becomes its last one."""
    last_of_march, last_of_february = moment("2026-03-31"), moment("2026-02-28")
    assert last_of_march is not None
    assert before(last_of_march, "1mo") == last_of_february
