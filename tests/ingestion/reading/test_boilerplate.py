"""Repeated wording is dropped, and only that."""

from ingestion.reading import boilerplate

BUY = ["genuine", "product", "day", "replacement", "guarantee", "free", "shipping"]


def products(n, repeated):
    """`n` texts of words of their own, the first `repeated` of them with the shop's wording."""
    return [[f"word{i}", f"thing{i}", *(BUY if i < repeated else []), f"last{i}"] for i in range(n)]


def test_only_wording_that_many_products_repeat_is_dropped():
    texts = products(100, repeated=30)
    found = boilerplate.find(texts)
    assert boilerplate.strip(texts[0], found) == ["word0", "thing0", "last0"]
    assert boilerplate.strip(texts[99], found) == texts[99]


def test_wording_of_fewer_than_three_in_a_hundred_is_no_template():
    assert not boilerplate.find(products(1000, repeated=29))
    assert boilerplate.find(products(1000, repeated=30))


def test_a_few_duplicates_in_a_small_catalogue_are_no_template():
    assert not boilerplate.find(products(20, repeated=boilerplate.MIN_PRODUCTS - 1))


def test_words_that_are_shared_but_not_in_the_same_run_stay():
    texts = [["cotton", f"a{i}", "blue", f"b{i}", "soft"] for i in range(50)]
    assert not boilerplate.find(texts)


def test_a_text_that_is_only_a_template_keeps_its_words():
    texts = [list(BUY) for _ in range(50)]
    assert boilerplate.strip(texts[0], boilerplate.find(texts)) == BUY


def test_a_repeated_run_within_one_text_counts_once():
    assert not boilerplate.find([BUY * 10, *products(100, repeated=0)])
