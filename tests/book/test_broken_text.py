"""Text that conversion broke: cut words, cut sentences, letters set apart, notices between paragraphs."""

from pathlib import Path

import pytest

from mayabook.source_check import check_source
from tests.book.book_reading import all_text, read_body, read_pages, texts_of


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exam-<br/>ple", "example"),
        ("exam-\nple", "example"),
        ("exam- ple", "example"),
        ("exam‐ ple", "example"),
        ("exam¬ ple", "example"),
        ("a co&#173;operation", "a cooperation"),
        ("well- known and well-known", "well-known and well-known"),
        ("man- kind, mankind, the man and his kind", "mankind, mankind, the man and his kind"),
        ("two- and threefold", "two- and threefold"),
        ("pre- or post-war", "pre- or post-war"),
        ("a self- made man of twenty- one", "a self-made man of twenty-one"),
        ("w- what is it", "w- what is it"),
        ("I- I know", "I- I know"),
        ("he was tired- so he left, he was so tired", "he was tired- so he left, he was so tired"),
        ("Anglo- Saxon", "Anglo- Saxon"),
        ("pages 3- 5", "pages 3- 5"),
    ],
)
def test_words_cut_by_a_hyphen(tmp_path: Path, body: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>{body}</p>")) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("C H A P T E R &#160; O N E", "CHAPTER ONE"),
        ("C H A P T E R   O N E", "CHAPTER ONE"),
        ("C H A P T E R O N E", "CHAPTER ONE"),
        ("C&#160;H&#8201;A&#8201;P&#8201;T&#8201;E&#8201;R", "CHAPTER"),
        ("C&#160;H&#160;A&#160;P&#160;T&#160;E&#160;R&#160;&#160;&#160;O&#160;N&#160;E", "CHAPTER ONE"),
        ("C&#8201;H&#8201;A&#8201;P&#8201;T&#8201;E&#8201;R&#8195;O&#8201;N&#8201;E", "CHAPTER ONE"),
        ("T H E &#160; L A M P", "THE LAMP"),
        ("He n e v e r came", "He never came"),
        ("It was d a r k. J. R. R. T. went", "It was dark. J. R. R. T. went"),
        ("P r o l o g u e", "Prologue"),
        ("A B C D E", "A B C D E"),
        ("It rhymes A B A B C D C D", "It rhymes A B A B C D C D"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("I a man", "I a man"),
        ("X X X X", "X X X X"),
        ("T&#8203;h&#8203;e end", "The end"),
    ],
)
def test_letters_set_apart(tmp_path: Path, body: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<h1>{body}</h1><p>Text.</p>")) == f"{said} Text."


class TestFileBoundaries:
    def test_a_cut_sentence_is_joined(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": "<h1>One</h1><p>The lamp went out and</p>", "b.xhtml": "<p>nobody came.</p><p>Then.</p>"}
        book = read_pages(tmp_path, pages, toc=[("One", "a.xhtml")])
        assert texts_of(book.chapters) == [["One", "The lamp went out and nobody came.", "Then."]]
        assert book.chapters[0].blocks[1].href == "EPUB/a.xhtml"
        check = check_source(tmp_path / "book.epub", book)
        assert (check.left_out, check.supplied, check.differences) == ({}, {}, ())

    @pytest.mark.parametrize(
        ("end", "start"),
        [
            ("In the evening she said to", "Alice that it was late."),
            ("They had never heard of the", "Lamp Street murders."),
            ("He went to see Mr.", "Brown about it."),
        ],
    )
    def test_a_sentence_that_cannot_end_there_goes_on_with_a_name(self, tmp_path: Path, end: str, start: str) -> None:
        pages = {"a.xhtml": f"<h1>One</h1><p>{end}</p>", "b.xhtml": f"<p>{start}</p><p>Then.</p>"}
        book = read_pages(tmp_path, pages, toc=[("One", "a.xhtml")])
        assert texts_of(book.chapters) == [["One", f"{end} {start}", "Then."]]

    def test_many_files_cut_within_sentences(self, tmp_path: Path) -> None:
        pages = {f"{n}.xhtml": f"<p>then {n} lamps went out.</p><p>Of {n + 1} men</p>" for n in range(30)}
        book = read_pages(tmp_path, pages, toc=[("One", "0.xhtml")])
        check = check_source(tmp_path / "book.epub", book)
        assert len(book.chapters[0].blocks) == 31
        assert (check.left_out, check.differences) == ({}, ())

    def test_a_cut_word_is_joined(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": "<h1>One</h1><p>For exam-</p>", "b.xhtml": "<p>ple, this.</p>"}
        assert texts_of(read_pages(tmp_path, pages, toc=[("One", "a.xhtml")]).chapters) == [
            ["One", "For example, this."]
        ]

    def test_notes_at_the_end_of_a_file_do_not_part_it(self, tmp_path: Path) -> None:
        pages = {
            "a.xhtml": '<h1>One</h1><p>The lamp<a epub:type="noteref" href="#n">1</a> and</p><aside epub:type="footnote" id="n">A note.</aside>',
            "b.xhtml": "<p>the oil.</p>",
        }
        assert texts_of(read_pages(tmp_path, pages, toc=[("One", "a.xhtml")]).chapters) == [
            ["One", "The lamp and the oil."]
        ]

    @pytest.mark.parametrize(
        ("end", "start"),
        [
            ("<p>The lamp went out.</p>", "<p>nobody came.</p>"),
            ("<p>The lamp went out and</p>", "<p>Nobody came.</p>"),
            ("<p>The lamp went out and</p>", "<h2>nobody</h2><p>x</p>"),
            ("<p>The Life of</p>", "<p>Nobody came.</p>"),
            ("<p>It was all that she had asked for</p>", "<p>Nobody came.</p>"),
            ("<p>The lamp was made by Mr. Hale.</p>", "<p>Nobody came.</p>"),
            ("<h2>the lamp</h2>", "<p>nobody came.</p>"),
            ("<ul><li>the lamp</li></ul>", "<p>nobody came.</p>"),
        ],
    )
    def test_whole_sentences_stay_apart(self, tmp_path: Path, end: str, start: str) -> None:
        book = read_pages(tmp_path, {"a.xhtml": f"<h1>One</h1>{end}", "b.xhtml": start}, toc=[("One", "a.xhtml")])
        assert len(book.chapters[0].blocks) >= 3

    def test_a_listed_file_begins_a_chapter(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": "<h1>One</h1><p>The lamp went out and</p>", "b.xhtml": "<p>nobody came.</p>"}
        book = read_pages(tmp_path, pages, toc=[("One", "a.xhtml"), ("two", "b.xhtml")])
        assert texts_of(book.chapters) == [["One", "The lamp went out and"], ["nobody came."]]


@pytest.mark.parametrize(
    ("notice", "is_read"),
    [
        ('<p class="cnQ7x2b">This tale was taken without leave; report it where you find it.</p>', False),
        ('<span class="cjZkNGE1">Stolen story; please report any sightings.</span>', False),
        ('<div class="a8f3Kq9z">Unauthorized use: if you see it elsewhere, tell the author.</div>', False),
        ('<p class="cnMwYjJkNWNj">Love this story? Find the original version and support the author!</p>', False),
        ('<p class="cmVhZFRoaXNub3c">Enjoying it? Visit the official site and help the creator.</p>', False),
        ('<p class="chapterFirstPara">Find the original version and support the author!</p>', True),
        ('<p class="calibre1">The horse was stolen without permission; report it to the author.</p>', True),
        ('<p class="cnQ7x2b">The lamp was stolen in the night.</p>', True),
        ("<p>Stolen story; please report any sightings.</p>", True),
    ],
)
def test_notices_against_copying(tmp_path: Path, notice: str, is_read: bool) -> None:
    book = read_body(tmp_path, f"<p>One.</p>{notice}<p>Two.</p>")
    assert [entry.reason for entry in book.left_out] == ([] if is_read else ["notice against copying"])
