"""The class: every usual export is read, and whatever cannot be is refused with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.errors import ByhandError
from byhand.exercises.draw import Student
from byhand.exercises.roster import Roster, clean, numbered, read_roster
from byhand.exercises.set_folder import RESERVED, file_names

ADA, EMMY, ALAN = Student("s001", "Ada Lovelace"), Student("s002", "Emmy Noether"), Student("s003", "Alan Turing")


@pytest.fixture
def roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the tests write and read, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Path("class.csv")


def read(path: Path, text: str, encoding: str = "utf-8") -> Roster:
    path.write_bytes(text.encode(encoding))
    return read_roster(path)


CLASS = (ADA, EMMY, ALAN)
EXPORTS = {
    "plain": ("id,name\ns001,Ada Lovelace\ns002,Emmy Noether\ns003,Alan Turing\n", "id"),
    "no end of line at the end": ("id,name\ns001,Ada Lovelace\ns002,Emmy Noether\ns003,Alan Turing", "id"),
    "Windows lines": ("id,name\r\ns001,Ada Lovelace\r\ns002,Emmy Noether\r\ns003,Alan Turing\r\n", "id"),
    "semicolons": ("name;ID\nAda Lovelace;s001\nEmmy Noether;s002\nAlan Turing;s003\n", "ID"),
    "tabs": ("name\tId\nAda Lovelace\ts001\nEmmy Noether\ts002\nAlan Turing\ts003\n", "Id"),
    "a delimiter that Excel is told": (
        "sep=;\nid;name\ns001;Ada Lovelace\ns002;Emmy Noether\ns003;Alan Turing\n",
        "id",
    ),
    "a comma in a quoted header": (
        '"id";"group (a, b, c)";"name"\ns001;a;Ada Lovelace\ns002;b;Emmy Noether\ns003;c;Alan Turing\n',
        "id",
    ),
    "blanks round everything": (
        " id , name \n s001 ,  Ada   Lovelace\ns002,Emmy Noether \n\xa0s003\xa0,Alan\tTuring\n",
        "id",
    ),
    "Moodle's participants": (
        '"First name","Last name","Email address","ID number"\n'
        "Ada,Lovelace,ada@uni.example,s001\nEmmy,Noether,emmy@uni.example,s002\nAlan,Turing,alan@uni.example,s003\n",
        "ID number",
    ),
    "older Moodle": (
        "First name,Surname,ID number,Institution,Department,Email address,Assignment: one (Real)\n"
        "Ada,Lovelace,s001,,,a@x,7\nEmmy,Noether,s002,,,e@x,-\nAlan,Turing,s003,,,t@x,\n",
        "ID number",
    ),
    "Moodle's assignment": (
        "Identifier,Full name,ID number,Status\n"
        "Participant 4,Ada Lovelace,s001,-\nParticipant 5,Emmy Noether,s002,-\nParticipant 6,Alan Turing,s003,-\n",
        "ID number",
    ),
    "a column of ids that nobody has": (
        "Full name,ID number,Username\nAda Lovelace,,s001\nEmmy Noether,,s002\nAlan Turing,,s003\n",
        "Username",
    ),
    "a column of ids that not all have": (
        "Full name,ID number,Username\nAda Lovelace,7,s001\nEmmy Noether,,s002\nAlan Turing,9,s003\n",
        "Username",
    ),
    "German": (
        "Vorname;Nachname;Matrikelnummer\nAda;Lovelace;s001\nEmmy;Noether;s002\nAlan;Turing;s003\n",
        "Matrikelnummer",
    ),
    "lines of nothing": (
        "\n\nid,name\n"
        + ",\n" * 400
        + "s001,Ada Lovelace\n"
        + "\n" * 600
        + "s002,Emmy Noether\n  ,  \ns003,Alan Turing\n,,,,\n",
        "id",
    ),
    "short rows": ("id,name,group,mark\ns001,Ada Lovelace\ns002,Emmy Noether,a\ns003,Alan Turing,b,7\n", "id"),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_usual_exports_are_read(export: str, roster: Path) -> None:
    text, column = EXPORTS[export]
    assert read(roster, text) == Roster(CLASS, column)


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,byhand set 7 (12345)
    Points Possible,,,,,10
"Lovelace, Ada",101,s001,ada,Sec 1,7.5
"Noether, Emmy",102,s002,emmy,Sec 1,10
"""


def test_canvas_points_are_no_student(roster: Path) -> None:
    assert read(roster, CANVAS) == Roster(
        (Student("s001", "Lovelace, Ada"), Student("s002", "Noether, Emmy")), "SIS User ID"
    )


def test_a_canvas_student_without_the_universitys_id(roster: Path) -> None:
    text = f'{CANVAS}"Turing, Alan",103,,,Sec 1,\n'
    assert [s.id for s in read(roster, text).students] == ["101", "102", "103"]


GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz 1 (77),Current Score
,,,,,Manual Posting,(read only)
    Points Possible,,,,,10.00,(read only)
"Lovelace, Ada",101,s001,ada,Sec 1,7.50,75
"Noether, Emmy",102,s002,emmy,Sec 1 and Sec 2,,
"Student, Test",999,,5d1c5f3a0b9e7d6c4b3a29181716151413121110,Sec 1,,
"""


def test_a_real_gradebook_of_canvas(roster: Path) -> None:
    """Rows that are no students are skipped; the Test Student gets nothing, and does not change the column of ids."""
    found = read(roster, GRADEBOOK)
    assert found == Roster((Student("s001", "Lovelace, Ada"), Student("s002", "Noether, Emmy")), "SIS User ID")
    assert found.notes == ("The Test Student of Canvas is no student of the class.",)
    assert read(roster, GRADEBOOK.replace("Student, Test", "Teststudent, Test")).column == "SIS User ID"
    assert [s.id for s in read(roster, GRADEBOOK.replace("Points Possible", "Points possibles")).students] == [
        "s001",
        "s002",
    ]


MOODLE = {
    "German": "Vorname,Nachname,ID-Nummer,Institution,Abteilung,E-Mail-Adresse",
    "French": "Prénom,Nom de famille,Numéro d’identification,Institution,Département,Adresse de courriel",
    "French, older": "Prénom,Nom,Numéro d'identification,Institution,Département,Adresse de courriel",
    "Spanish": "Nombre,Apellido(s),Número de ID,Institución,Departamento,Dirección de correo",
    "Spanish, older": "Nombre,Apellidos,Número de identificación,Institución,Departamento,Dirección Email",
    "Italian": "Nome,Cognome,Codice identificativo,Istituzione,Dipartimento,Indirizzo email",
    "Portuguese": "Nome,Apelido,Número de identificação (ID),Instituição,Departamento,E-mail",
    "Brazilian": "Nome,Sobrenome,Número de identificação,Instituição,Departamento,Endereço de email",
    "Dutch": "Voornaam,Achternaam,Nummer (ID),Instelling,Afdeling,E-mailadres",
    "Dutch, newer": "Voornaam,Achternaam,ID-nummer,Instelling,Afdeling,E-mailadres",
    "Swedish": "Förnamn,Efternamn,ID nummer,Institution,Avdelning,E-postadress",
    "Russian": "Имя,Фамилия,Индивидуальный номер,Учреждение,Отдел,Адрес электронной почты",
    "Chinese": "名,姓,学号,机构,部门,电子邮件地址",
    "a spreadsheet's": "first_name,last_name,student_id,institution,department,email_address",
    "a program's": "FirstName,LastName,StudentID,Institution,Department,EmailAddress",
}


@pytest.mark.parametrize("language", MOODLE)
def test_headers_in_other_languages(language: str, roster: Path) -> None:
    """The ids are those of the university, not the e-mail addresses beside them."""
    lines = "Ada,Lovelace,s001,U,D,ada@x.example\nEmmy,Noether,s002,U,D,emmy@x.example\n"
    assert read(roster, f"{MOODLE[language]}\n{lines}") == Roster((ADA, EMMY), MOODLE[language].split(",")[2])


def test_a_column_that_is_named_like_an_id_comes_before_logins(roster: Path) -> None:
    for header in ("id", "ID-Nummer", "matr_nr", "Student-Nr.", "Uni-ID", "user_id", "Kennung", "Roll No."):
        text = f"no,login,e-mail,{header},name\n1,ada,ada@x.example,s001,Ada Lovelace\n"
        assert read(roster, text) == Roster((ADA,), header)


@pytest.mark.parametrize("header", ["Vollständiger Name", "Nom complet", "Nombre completo", "Nome completo", "姓名"])
def test_full_names_in_other_languages(header: str, roster: Path) -> None:
    assert read(roster, f"{header};ID\nAda Lovelace;s001\n").students == (ADA,)


def test_a_column_that_is_named(roster: Path) -> None:
    text = "Kennung,ID number,Name\ns001,7,Ada Lovelace\ns002,8,Emmy Noether\n"
    for name in ("Kennung", "kennung", " KENNUNG "):
        roster.write_text(text, "utf-8")
        assert read_roster(roster, name) == Roster((ADA, EMMY), "Kennung")
    with pytest.raises(ByhandError, match=r"^class\.csv has no column 'Kenung'; .*Kennung"):
        read_roster(roster, "Kenung")


ENCODINGS = {
    ("gbk", "Chinese (GBK)"): [
        "id,name\ns001,张伟\ns002,王芳\n",
        "学号,姓名\n1,欧阳娜娜\n2,龚璐\n",
        "id;name\n1;诸葛亮\n",
    ],
    ("big5", "Chinese (Big5)"): ["學號,姓名\ns001,陳大文\ns002,林美麗\n"],
    ("shift_jis", "Japanese (Shift-JIS)"): ["学籍番号,氏名\n1,佐藤 健\n2,山田 ひろし\n", "id,name\n1,渡辺謙\n"],
    ("euc_jp", "Japanese (EUC-JP)"): ["学籍番号,氏名\n1,佐藤 健\n2,山田 ひろし\n3,ワトソン\n"],
    ("euc_kr", "Korean (EUC-KR)"): ["학번,이름\n1,박지성\n2,최유나\n", "id,name\ns001,김민수\n"],
    ("cp1251", "Cyrillic (Windows-1251)"): ["id;имя\n1;Иван Петров\n2;Мария Иванова\n", "id;name\n1;Олег\n"],
    ("koi8_r", "Cyrillic (KOI8-R)"): ["id;имя\n1;Иван Петров\n2;Мария Иванова\n"],
    ("cp1253", "Greek (Windows-1253)"): ["id;name\n1;Γιώργος Παπαδόπουλος\n2;Μαρία\n"],
    ("cp1250", "Central European (Windows-1250)"): ["id;name\n1;Łukasz Żak\n2;Jiří Dvořák\n"],
    ("cp1252", "Western European (Windows-1252)"): ["id;nom\n1;Éloïse Lefèvre\n2;Bjørn Åse\n", "id,name\n1,Žižek’s\n"],
    ("mac_roman", "Western European (Mac)"): ["id;name\ns1;Zoë Ångström\ns2;José Müller\n"],
    ("cp1256", "Arabic (Windows-1256)"): ["id;name\n1;محمد علي\n2;فاطمة\n"],
    ("cp1255", "Hebrew (Windows-1255)"): ["id;name\n1;דוד כהן\n2;שרה לוי\n"],
}


@pytest.mark.parametrize(
    ("encoding", "words", "text"), [(*key, text) for key, texts in ENCODINGS.items() for text in texts]
)
def test_other_encodings_are_recognised_and_said(encoding: str, words: str, text: str, roster: Path) -> None:
    """No name becomes another in silence: the note shows one, and --encoding decides."""
    found, plain = read(roster, text, encoding), read(roster, text)
    assert (found, plain.notes) == (plain, ())
    example = next(line for line in text.splitlines() if not line.isascii())
    assert found.notes == (
        f"class.csv is no UTF-8 and was read as {words}: {example!r}; if that is wrong, give --encoding.",
    )
    roster.write_bytes(text.encode(encoding))
    named = read_roster(roster, encoding=encoding)
    assert (named, named.notes) == (plain, ())


def test_an_encoding_that_is_wrong(roster: Path) -> None:
    roster.write_bytes("id,name\n1,Müller\n".encode("cp1252"))
    with pytest.raises(ByhandError, match=r"^The file is no text in the encoding 'utf-8': give another with --enc"):
        read_roster(roster, encoding="utf-8")
    for name in ("nonsense", "rot13", "zip"):
        with pytest.raises(ByhandError, match=rf"^There is no encoding '{name}': give one such as utf-8, gbk"):
            read_roster(roster, encoding=name)


def test_a_student_may_have_an_id_alone(roster: Path) -> None:
    assert read(roster, "Email address\nada@uni.example\n").students == (Student("ada@uni.example"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_encodings(encoding: str, roster: Path) -> None:
    found = read(roster, "id;name\ns1;Zoë Ångström\ns2;José Müller\n", encoding)
    assert found.students == (Student("s1", "Zoë Ångström"), Student("s2", "José Müller"))


def test_letters_of_windows_and_of_the_world(roster: Path) -> None:
    assert read(roster, "id,name\n1,Łukasz “Ł” Žižek\n", "utf-8").students[0].name == "Łukasz “Ł” Žižek"
    assert read(roster, "id,name\n1,Žižek’s\n", "cp1252").students[0].name == "Žižek’s"
    assert read(roster, "id,name\n1,陳大文\n2,علي\n", "utf-16").students[1].name == "علي"


def test_the_same_letters_in_another_form_are_the_same_id(roster: Path) -> None:
    composed, apart = "\u00e9", "e\u0301"
    assert read(roster, f"id\n{composed}\n") == read(roster, f"id\n{apart}\n")


HOSTILE = {
    "=cmd|'/c calc'!A0": "=cmd|'/c calc'!A0",
    "a\x00b": None,
    "tab\x0bbell\x07": "tab bell",
    "\u202eевil": "евil",
    "\ufeffAda\u2028Lovelace": "Ada Lovelace",
    "x\uffffy": "xy",
    "../../etc/passwd": "../../etc/passwd",
    "<b>&amp;</b>": "<b>&amp;</b>",
}


@pytest.mark.parametrize("name", [name for name, kept in HOSTILE.items() if kept])
def test_names_are_kept_but_for_letters_that_do_harm(name: str, roster: Path) -> None:
    assert read(roster, f'id,name\n1,"{name}"\n').students[0].name == HOSTILE[name]


@given(st.text())
def test_what_is_cleaned_can_stand_in_xml_on_one_line(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2028\u2029\ufffe\uffff]", cleaned)
    assert cleaned == cleaned.strip()


def test_long_names_are_cut_and_long_ids_refused(roster: Path) -> None:
    assert read(roster, f"id,name\n1,{'x' * 5000}\n").students[0].name == "x" * 100
    assert refusal(roster, f"id\n{'x' * 101}\n") == (
        "Line 2 of class.csv has an id of more than 100 letters: shorten it."
    )


def refusal(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ByhandError) as error:
        read_roster(path)
    return str(error.value)


TO_CSV = "class.csv is no text: save the class as CSV, and name that file."
EMPTY = "The roster class.csv is empty: its first line names the columns, such as id,name."
NOBODY = "class.csv has no students below its first line: add a line for each."
QUOTE = "of class.csv has a quotation mark that is not closed, or text after it: mend it there."
NAME_ONE = "name one of its columns id, or give one with --id-column"
REFUSALS: dict[str | bytes, str] = {
    "": EMPTY,
    " \n\n": EMPTY,
    b"\xff\xfe": EMPTY,
    "id,name\n": NOBODY,
    "id,name\n,\n\n,\n" + ",\n" * 1000: NOBODY,
    "sep=;\n": NOBODY,
    "Student,ID\n  Points Possible,\n": NOBODY,
    "nickname,mark\nada,7\n": f"class.csv has no column of ids: {NAME_ONE} (there are: nickname, mark).",
    "s001,Ada\ns002,Emmy\n": f"class.csv has no column of ids: {NAME_ONE} (there are: s001, Ada).",
    "id,name\ns1,Ada\n\ns2,Emmy\ns1,Alan\n": (
        "Line 5 of class.csv has the id 's1' of line 2 again: give each student an id of their own."
    ),
    'id,name\ns1,"Ada\nLovelace"\ns2,Emmy\ns2,Alan\n': (
        "Line 5 of class.csv has the id 's2' of line 4 again: give each student an id of their own."
    ),
    "id,name\ns1,Ada\n,Emmy\n": "Line 3 of class.csv has no id: fill it in, or take the line out.",
    "id,name\n,Ada\n,Emmy\n": "Line 2 of class.csv has no id: fill it in, or take the line out.",
    "id,name\n\x07\x08,Ada\n": "Line 2 of class.csv has no id: fill it in, or take the line out.",
    "id,name\ns1,Lovelace, Ada\n": (
        "Line 2 of class.csv has 3 cells, but its first line 2: put text with a comma in quotation marks."
    ),
    'id,name\ns1,"Ada\ns2,Emmy\n': f"Line 2 {QUOTE}",
    'id,name\ns1,Ada\ns2,"Emmy" Noether\n': f"Line 3 {QUOTE}",
    b"PK\x03\x04 a workbook": TO_CSV,
    b"%PDF-1.7": TO_CSV,
    b"id,name\ns1,Ada\x00\n": TO_CSV,
    bytes(range(256)): TO_CSV,
}


@pytest.mark.parametrize("text", REFUSALS, ids=lambda text: repr(text[:20]))
def test_what_cannot_be_is_refused_with_its_line(text: str | bytes, roster: Path) -> None:
    assert refusal(roster, text) == REFUSALS[text]


@pytest.mark.slow
def test_too_many_students_are_refused(roster: Path) -> None:
    lines = "\n".join(map(str, range(100_001)))
    assert refusal(roster, f"id\n{lines}\n") == ("class.csv has more than 100,000 students: split it into classes.")
    assert len(read(roster, f"id\n{lines[: lines.rindex(chr(10))]}\n").students) == 100_000


def test_a_file_that_is_far_too_large_is_refused(roster: Path) -> None:
    with roster.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(
        ByhandError, match=r"class\.csv is no roster, which has at most 20,000,000 bytes: name a CSV file"
    ):
        read_roster(roster)


def test_a_roster_that_is_not_there(roster: Path) -> None:
    with pytest.raises(ByhandError, match=r"^There is no roster class\.csv: check its name and folder\.$"):
        read_roster(roster)
    roster.mkdir()
    with pytest.raises(ByhandError, match=r"^The roster class\.csv is a folder: name a file in it"):
        read_roster(roster)


def test_without_a_roster() -> None:
    assert numbered(None).students == (Student("student"),)
    assert [s.id for s in numbered(1000).students[::999]] == ["student-001", "student-1000"]
    assert numbered(5).students == numbered(9).students[:5]
    for count in (0, -1, 100_001):
        with pytest.raises(ByhandError, match=f"A class has 1 to 100,000 students, not {count}."):
            numbered(count)


# Names of files


def named(*ids: str) -> list[str]:
    return file_names(Student(id) for id in ids)


def test_an_id_that_is_a_files_name_is_kept() -> None:
    assert named("s001", "ada@uni.example", "7.b_c-d+e", "Åsa", "陳", "two words") == [
        "s001", "ada@uni.example", "7.b_c-d+e", "Åsa", "陳", "two words",
    ]  # fmt: skip


@given(st.lists(st.text(min_size=1, max_size=100), unique=True, max_size=20))
def test_names_are_safe_and_each_its_own(ids: list[str]) -> None:
    names = named(*ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert not re.search(r'[\x00-\x1f/\\:*?"<>|]', name)
        assert not RESERVED.fullmatch(name)
        assert not name.startswith((".", " ", "-"))
        assert not name.endswith((".", " "))
        assert len(f"{name}.xlsx".encode()) <= 100


@pytest.mark.parametrize("id", ["a/b", "..", "CON", "nul.x", ".hidden", "-rf", 'a"b', "a\\b", "x" * 99, "~", "com1"])
def test_other_ids_are_told_apart(id: str) -> None:
    (name,) = named(id)
    assert re.fullmatch(r".*~[0-9a-f]{8}", name)
    assert named("z", id)[1] == name, "whoever else is there"


def test_ids_that_differ_in_the_size_of_their_letters() -> None:
    names = named("s1", "S1", "s2")
    assert names[2] == "s2"
    assert len({name.casefold() for name in names}) == 3
