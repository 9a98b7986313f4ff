"""Names of authors are read once, and that reading serves every format."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.papers.names import Name, read_names, split_names


def one(text: str) -> Name:
    (name,) = read_names([text])
    return name


@pytest.mark.parametrize(
    ("text", "short", "bibtex", "ris", "key"),
    [
        # 05 suffixes
        ("Robert W. Heath Jr.", "R. W. Heath Jr.", "Heath, Jr., Robert W.", "Heath, Robert W., Jr.", "heath"),
        ("Hal Daumé III", "H. Daumé III", "Daumé, III, Hal", "Daumé, Hal, III", "daume"),
        ("Robert W. Heath, Jr.", "R. W. Heath Jr.", "Heath, Jr., Robert W.", "Heath, Robert W., Jr.", "heath"),
        ("Heath, Jr., Robert W.", "R. W. Heath Jr.", "Heath, Jr., Robert W.", "Heath, Robert W., Jr.", "heath"),
        ("Heath, Robert W., Jr.", "R. W. Heath Jr.", "Heath, Jr., Robert W.", "Heath, Robert W., Jr.", "heath"),
        ("Heath Jr., Robert W.", "R. W. Heath Jr.", "Heath, Jr., Robert W.", "Heath, Robert W., Jr.", "heath"),
        ("Paulo L. J. Drews-Jr", "P. L. J. Drews-Jr", "Drews-Jr, Paulo L. J.", "Drews-Jr, Paulo L. J.", "drewsjr"),
        ("Nikitha SR", "Nikitha SR", "{Nikitha SR}", "Nikitha SR", "nikitha"),
        ("Venktesh V", "Venktesh V", "{Venktesh V}", "Venktesh V", "venktesh"),
        ("Prathosh A. P", "Prathosh A. P", "{Prathosh A. P}", "Prathosh A. P", "prathosh"),
        ("Weinan E", "W. E", "E, Weinan", "E, Weinan", "e"),
        ("Bo XU", "B. XU", "XU, Bo", "XU, Bo", "xu"),
        ("Arlindo Galvão Filho", "A. Galvão Filho", "Galvão Filho, Arlindo", "Galvão Filho, Arlindo", "galvaofilho"),
        ("Pedro C. Neto", "P. C. Neto", "Neto, Pedro C.", "Neto, Pedro C.", "neto"),
        # 06 groups
        ("Euclid Collaboration", "Euclid Collaboration", "{Euclid Collaboration}", "Euclid Collaboration", "euclid"),
        ("Gemma Team", "Gemma Team", "{Gemma Team}", "Gemma Team", "gemma"),
        ("Team Cohere", "Team Cohere", "{Team Cohere}", "Team Cohere", "cohere"),
        ("the TCV team", "the TCV team", "{the TCV team}", "the TCV team", "tcv"),
        ("The Royal Trust", "The Royal Trust", "{The Royal Trust}", "The Royal Trust", "royal"),
        ("GLM-4. 5 Team", "GLM-4.5 Team", "{GLM-4.5 Team}", "GLM-4.5 Team", "glm45"),
        ("Sand. ai", "Sand.ai", "{Sand.ai}", "Sand.ai", "sandai"),
        ("DeepSeek-AI", "DeepSeek-AI", "{DeepSeek-AI}", "DeepSeek-AI", "deepseekai"),
        ("Essential AI", "Essential AI", "{Essential AI}", "Essential AI", "essential"),
        ("Google DeepMind", "Google DeepMind", "{Google DeepMind}", "Google DeepMind", "google"),
        ("Amazon AGI", "Amazon AGI", "{Amazon AGI}", "Amazon AGI", "amazon"),
        ("Artur d'Avila Garcez", "A. d'Avila Garcez", "d'Avila Garcez, Artur", "d'Avila Garcez, Artur", "davilagarcez"),
        ("ZHANG Wei", "W. ZHANG", "ZHANG, Wei", "ZHANG, Wei", "zhang"),
        ("MD Abdullah", "M. Abdullah", "Abdullah, MD", "Abdullah, MD", "abdullah"),
        ("King, Jr., Martin Luther", "M. L. King Jr.", "King, Jr., Martin Luther", "King, Martin Luther, Jr.", "king"),
        ("Faculty of Law", "Faculty of Law", "{Faculty of Law}", "Faculty of Law", "law"),
        ("Yann LeCun (NYU)", "Y. LeCun", "LeCun, Yann", "LeCun, Yann", "lecun"),
        ("Linxi (Jim) Fan", "L. Fan", "Fan, Linxi (Jim)", "Fan, Linxi (Jim)", "fan"),
        ("Bo Ai", "B. Ai", "Ai, Bo", "Ai, Bo", "ai"),
        ("The Anh Han", "T. A. Han", "Han, The Anh", "Han, The Anh", "han"),
        ("Research Pratim Maity", "R. P. Maity", "Maity, Research Pratim", "Maity, Research Pratim", "maity"),
        # 08 particles
        ("Laurens van der Maaten", "L. van der Maaten", "van der Maaten, Laurens", "van der Maaten, Laurens", "maaten"),
        ("Anton van den Hengel", "A. van den Hengel", "van den Hengel, Anton", "van den Hengel, Anton", "hengel"),
        ("John von Neumann", "J. von Neumann", "von Neumann, John", "von Neumann, John", "neumann"),
        ("Oriol de la Fuente", "O. de la Fuente", "de la Fuente, Oriol", "de la Fuente, Oriol", "fuente"),
        ("Fernando De La Torre", "F. De La Torre", "De La Torre, Fernando", "De La Torre, Fernando", "delatorre"),
        ("Luc Van Gool", "L. Van Gool", "Van Gool, Luc", "Van Gool, Luc", "vangool"),
        ("Nguyen Van Nhon", "N. V. Nhon", "Nhon, Nguyen Van", "Nhon, Nguyen Van", "nhon"),
        ("Ahmed al-Khatib", "A. al-Khatib", "al-Khatib, Ahmed", "al-Khatib, Ahmed", "alkhatib"),
        ("Ido Ben Shaul", "I. Ben Shaul", "Ben Shaul, Ido", "Ben Shaul, Ido", "benshaul"),
        ("Ben Zhou", "B. Zhou", "Zhou, Ben", "Zhou, Ben", "zhou"),
        ("Tal Ben-Nun", "T. Ben-Nun", "Ben-Nun, Tal", "Ben-Nun, Tal", "bennun"),
        ("Ian McDonald", "I. McDonald", "McDonald, Ian", "McDonald, Ian", "mcdonald"),
        ("Conor O'Brien", "C. O'Brien", "O'Brien, Conor", "O'Brien, Conor", "obrien"),
        (
            "Blaise Agüera y Arcas",
            "B. Agüera y Arcas",
            "{Agüera y Arcas}, Blaise",
            "Agüera y Arcas, Blaise",
            "aguerayarcas",
        ),
        (
            "Sabine Schulte im Walde",
            "S. Schulte im Walde",
            "{Schulte im Walde}, Sabine",
            "Schulte im Walde, Sabine",
            "schulteimwalde",
        ),
        ("van der Maaten", "van der Maaten", "{van der Maaten}", "van der Maaten", "maaten"),
        (
            "Maaten, Laurens van der",
            "L. van der Maaten",
            "van der Maaten, Laurens",
            "van der Maaten, Laurens",
            "maaten",
        ),
        # 11 surname first
        ("LeCun, Yann", "Y. LeCun", "LeCun, Yann", "LeCun, Yann", "lecun"),
        (
            "van der Maaten, Laurens",
            "L. van der Maaten",
            "van der Maaten, Laurens",
            "van der Maaten, Laurens",
            "maaten",
        ),
        (
            "García Márquez, Gabriel",
            "G. García Márquez",
            "García Márquez, Gabriel",
            "García Márquez, Gabriel",
            "garciamarquez",
        ),
        # 13 letters
        ("Bjørn Ødegård", "B. Ødegård", "Ødegård, Bjørn", "Ødegård, Bjørn", "odegard"),
        ("Øystein Strauß", "Ø. Strauß", "Strauß, Øystein", "Strauß, Øystein", "strauss"),
        ("Łukasz Đorđević", "Ł. Đorđević", "Đorđević, Łukasz", "Đorđević, Łukasz", "dordevic"),
        ("Иван Петров", "И. Петров", "Петров, Иван", "Петров, Иван", "petrov"),
        ("王伟", "王伟", "王伟", "王伟", "wangwei"),
        ("김 민수", "김 민수", "{김 민수}", "김 민수", "gimminsu"),
        # 37 initials
        ("C.-P. Yuan", "C.-P. Yuan", "Yuan, C.-P.", "Yuan, C.-P.", "yuan"),
        ("D. -M. Koh", "D.-M. Koh", "Koh, D.-M.", "Koh, D.-M.", "koh"),
        ("Gregory E Powell", "G. E. Powell", "Powell, Gregory E", "Powell, Gregory E", "powell"),
        ("Ming Y Lu", "M. Y. Lu", "Lu, Ming Y", "Lu, Ming Y", "lu"),
        ("J.K. Rowling", "J. K. Rowling", "Rowling, J.K.", "Rowling, J.K.", "rowling"),
        ("Jean-Pierre Serre", "J.-P. Serre", "Serre, Jean-Pierre", "Serre, Jean-Pierre", "serre"),
        ("PRS De Silva", "P. R. S. De Silva", "De Silva, PRS", "De Silva, PRS", "desilva"),
        # what feeds do to names
        ("and Shadab Khan", "S. Khan", "Khan, Shadab", "Khan, Shadab", "khan"),
        ("Adam Hewitt and", "A. Hewitt", "Hewitt, Adam", "Hewitt, Adam", "hewitt"),
        ("Yi-Fan Zhang†", "Y.-F. Zhang", "Zhang, Yi-Fan", "Zhang, Yi-Fan", "zhang"),
        ("Sonya~Coleman", "S. Coleman", "Coleman, Sonya", "Coleman, Sonya", "coleman"),
        ("/Shubham Kumar Nigam", "S. K. Nigam", "Nigam, Shubham Kumar", "Nigam, Shubham Kumar", "nigam"),
        ("Gabriel Petre1", "G. Petre", "Petre, Gabriel", "Petre, Gabriel", "petre"),
        ("Young-Jun_Lee", "Y.-J. Lee", "Lee, Young-Jun", "Lee, Young-Jun", "lee"),
        ('Linxi "Jim" Fan', "L. Fan", 'Fan, Linxi "Jim"', 'Fan, Linxi "Jim"', "fan"),
        ("Alex \"Sandy'' Pentland", "A. Pentland", None, None, "pentland"),
        ('Rapha"el Metz', "R. Metz", "Metz, Raphaël", "Metz, Raphaël", "metz"),
        ("Nicol`o Pagan", "N. Pagan", "Pagan, Nicolò", "Pagan, Nicolò", "pagan"),
        ('Schr\\"odinger, Erwin', "E. Schrödinger", "Schrödinger, Erwin", "Schrödinger, Erwin", "schrodinger"),
        ("Dr. Jane Doe, PhD", "J. Doe", "Doe, Jane", "Doe, Jane", "doe"),
        ("Yann LeCun", "Y. LeCun", "LeCun, Yann", "LeCun, Yann", "lecun"),
        ("Md Jobayer", "M. Jobayer", "Jobayer, Md", "Jobayer, Md", "jobayer"),
        ("Jane Q. Doe, MD", "J. Q. Doe", "Doe, Jane Q.", "Doe, Jane Q.", "doe"),
        ("Ting-Hao 'Kenneth' Huang", "T.-H. Huang", "Huang, Ting-Hao 'Kenneth'", "Huang, Ting-Hao 'Kenneth'", "huang"),
        ("Anshumann", "Anshumann", "Anshumann", "Anshumann", "anshumann"),
    ],
)
def test_a_name_in_every_format(text: str, short: str, bibtex: str | None, ris: str | None, key: str) -> None:
    name = one(text)
    assert (name.short, name.key) == (short, key)
    assert bibtex is None or (name.bibtex(), name.ris) == (bibtex, ris)


def test_who_stands_in_front_of_a_colon_is_a_group() -> None:
    names = read_names(["NVIDIA", ":", "Alisson Azzolini", "Hannah Brandon"])
    assert [name.short for name in names] == ["NVIDIA", "A. Azzolini", "H. Brandon"]
    assert names[0].is_group
    assert [name.short for name in read_names(["Codefuse", "Ling Team", ":", "A. B"])][:2] == ["Codefuse", "Ling Team"]
    assert read_names(["Tencent Hunyuan", ":", "Bo Li"])[0].bibtex() == "{Tencent Hunyuan}"


@pytest.mark.parametrize("entry", [":", "", " ", "others", "et al.", "and", "AND", "&", "…", "--", "\u200b"])
def test_what_is_no_name_is_left_out(entry: str) -> None:
    assert read_names(["Ann Lee", entry])[1:] == []


@pytest.mark.parametrize(
    ("entries", "right"),
    [
        (["Robert W. Heath", "Jr.", "Bo Li"], ["Heath, Robert W., Jr.", "Li, Bo"]),
        (["Ann Lee and Bo Li", "C. Wu; D. Xu"], ["Lee, Ann", "Li, Bo", "Wu, C.", "Xu, D."]),
        (["Ann B, Cy D, Eve Fu"], ["Ann B", "Cy D", "Fu, Eve"]),
        (['Schr\\"odinger, E.', "Bj{\\o}rn Lee"], ["Schrödinger, E.", "Lee, Bjørn"]),
        (["Ann Lee &amp; Bo Li"], ["Ann Lee & Bo Li"]),
        (["<b>Ann Lee</b>"], ["Lee, Ann"]),
        (["NVIDIA: Ann Lee", "Bo Li"], ["NVIDIA", "Lee, Ann", "Li, Bo"]),
        (["The CMS Collaboration: A. Wu"], ["The CMS Collaboration", "Wu, A."]),
        ([": A. Wu"], ["Wu, A."]),
    ],
)
def test_entries_that_are_not_one_name(entries: list[str], right: list[str]) -> None:
    assert [name.ris for name in read_names(entries)] == right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("LeCun, Yann; van der Maaten, Laurens", ["LeCun, Yann", "van der Maaten, Laurens"]),
        ("Lee, Ann; Li, Bo and Wu, Cy", ["Lee, Ann", "Li, Bo", "Wu, Cy"]),
        ("Ann Lee; Bo Li", ["Ann Lee", "Bo Li"]),
        ("LeCun, Yann and Hinton, Geoffrey", ["LeCun, Yann", "Hinton, Geoffrey"]),
        ("LeCun, Yann AND Hinton, Geoffrey", ["LeCun, Yann", "Hinton, Geoffrey"]),
        ("Ann Lee, Bo Li and Cy Wu", ["Ann Lee", "Bo Li", "Cy Wu"]),
        ("Ann Lee, Bo Li, and Cy Wu", ["Ann Lee", "Bo Li", "Cy Wu"]),
        ("Ann Lee, Bo Li & Cy Wu", ["Ann Lee", "Bo Li", "Cy Wu"]),
        ("Ann Lee, Bo Li", ["Ann Lee", "Bo Li"]),
        ("LeCun, Yann", ["LeCun, Yann"]),
        ("Lee, A., Li, B.-C., Wu, C. D.", ["Lee, A.", "Li, B.-C.", "Wu, C. D."]),
        ("Ann Lee", ["Ann Lee"]),
        ("", []),
        (" , and ;", []),
        ("Robert W. Heath, Jr., Bo Li", ["Robert W. Heath", "Jr.", "Bo Li"]),
    ],
)
def test_a_list_in_one_text_is_parted(text: str, right: list[str]) -> None:
    assert split_names(text) == right


def test_a_name_is_found_in_either_order_in_full_and_with_initials() -> None:
    assert set(one("LeCun, Yann").searched) == {"Yann LeCun", "LeCun Yann", "Y. LeCun", "LeCun Y."}
    assert one("Gemma Team").searched == ("Gemma Team",)


ENTRIES = st.lists(
    st.text(max_size=25)
    | st.text("aB.,;:-' \"`{}\\$王ü1&†", max_size=20)
    | st.sampled_from(["de", "Jr.", ":", "van der", "and", "Ann Lee", "Lee, Ann", "Gemma Team"]),
    max_size=4,
)


@settings(deadline=None)
@given(ENTRIES)
def test_whatever_a_feed_lists_is_names(entries: list[str]) -> None:
    for name in read_names(entries):
        assert name.family
        assert name.short
        assert name.written == " ".join(name.written.split())
        assert name.searched[0] == name.written
        assert name.key.isascii()


GIVEN = st.lists(
    st.sampled_from(["Ann", "J.", "C.-P.", "Jean-Pierre", "Ming", "Øystein", "Иван"]), min_size=1, max_size=3
)
FAMILY = st.sampled_from(
    ["Lee", "van der Maaten", "de Freitas", "O'Brien", "Ødegård", "Петров", "Smith-Jones", "LeCun"]
)


@given(GIVEN, FAMILY, st.sampled_from(["", "Jr.", "III"]))
def test_a_name_reads_the_same_in_either_order(given: list[str], family: str, suffix: str) -> None:
    name = one(" ".join(filter(None, [*given, family, suffix])))
    assert one(name.ris) == one(name.bibtex()) == name
    assert (name.given, name.suffix) == (" ".join(given), suffix)


@pytest.mark.parametrize("evil", ["a,", "a and ", "a;", "(", "'", ". -", "van ", "†", "J.", '"', "-"])
def test_hostile_names_take_time_linear_in_them(evil: str) -> None:
    text = evil * (400_000 // len(evil))
    assert all(len(name.written) <= 300 for name in read_names([text]))
    assert len(split_names(text)) <= len(text)
