"""The Python interface: build a model, read its tables, change numbers, write it out, set and mark exercises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.answers.judge import Judgement
from byhand.decoding import record
from byhand.documents import document as documents
from byhand.errors import ByhandError, nearest, quoted
from byhand.files import read_bytes
from byhand.lessons import lesson as lessons
from byhand.lessons.recipe import KEYS, Recipe, find
from byhand.lessons.tables import Table, table_of

if TYPE_CHECKING:  # a lesson must not pay for exercises
    from byhand.exercises.class_set import SetResult
    from byhand.grading.class_marks import ClassResult

PathText = str | PathLike[str]


class Lesson(lessons.Lesson):
    """A model that was built from a recipe: its tables by name, and methods to write them out.

    Make one with `build`. It is never changed: `set` gives another.

    >>> import byhand
    >>> lesson = byhand.build("gpt2", prompt="the cat sat")
    >>> lesson["layer1.head1.scores"].shape
    (3, 3)
    >>> "logits" in lesson, len(lesson) > 50
    (True, True)
    >>> lesson.words
    ['on']
    """

    def __getitem__(self, name: str) -> Table:
        """Return the table with this dotted name. Raises ByhandError, which names the nearest, if there is none."""
        from byhand.core.captions import letters, symbol

        node = self.table(name)
        return table_of(self, name, "" if node.op.given else letters(node, symbol, False))

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def set(self, name: str, value: float | Sequence[Any] | np.ndarray[Any, Any]) -> Lesson:
        """Return a new lesson with other numbers in a given table, or a cell of it; the rest is computed again.

        name: a dotted name, or with a row and a column from 1: "layer1.W_O[1,2]". value: a number, or rows of numbers.
        Raises ByhandError for a computed table, a cell that does not exist, or numbers of another shape.

        >>> import byhand
        >>> head = byhand.build("attention")
        >>> head.set("W_Q[1,2]", 5)["W_Q"][1, 2]
        5.0
        """
        number = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        return build(replace(self.recipe, set=self.recipe.set | {name: number}))

    def workbook(self, path: PathText, overwrite: bool = True) -> Path:
        """Write the lesson as a live workbook (.xlsx), every computed cell a formula; returns the path.

        Raises ByhandError for a name that does not end in .xlsx, a file that may not be written, or a model too large
        for a sheet; then no file is left.
        """
        from byhand.workbook.build import check_place, write_lesson

        place = Path(path)
        check_place(place, overwrite)
        write_lesson(self, place)
        return place

    def page(self, path: PathText | None = None, part: str | None = None, overwrite: bool = True) -> Page:
        """Return the lesson as a page to explore: a notebook shows it, and with a path it is written as one HTML file.

        part: only one part of the model, such as "layer1.head1". Raises ByhandError for a name that does not end in
        .html, a file that may not be written, or a model too large for a page; then no file is left.

        >>> import byhand
        >>> byhand.build("softmax").page()
        <page: Softmax by hand, small>
        """
        from byhand.lessons.few_words import few_words
        from byhand.page.build import check_name, page_html, save_page

        if path is not None:
            check_name(Path(path), overwrite)
        made = Page(page_html(few_words(self), part), lessons.describe(self)[0])
        if path is not None:
            save_page(made.html, Path(path))
        return made

    def code(self, library: str = "numpy") -> str:
        """Return a script that computes the same tables, a line each, in "numpy" or "torch".

        Raises ByhandError for another library, and for a lesson with too many numbers for a script.

        >>> import byhand
        >>> byhand.build("softmax").code().splitlines()[4]
        'import numpy as np'
        """
        from byhand.code.build import script

        return script(self, library)[0]

    def save(self, path: PathText, overwrite: bool = True) -> Path:
        """Write the lesson's recipe with its numbers (.toml), or else its model as a checkpoint's folder.

        A folder has Hugging Face's layout and must be new or empty. Returns the path. Raises ByhandError for a model
        that has no such form.
        """
        from byhand.files import check_place
        from byhand.files import save as save_file
        from byhand.lessons.learnt import recipe_file, save_folder

        place = Path(path)
        if place.suffix.casefold() == ".toml":
            check_place(place, overwrite)
            save_file(place, recipe_file(self.recipe).encode())
        else:
            save_folder(self.recipe, place)
        return place

    def explain(self, step: str | None = None, cell: tuple[int, int] | None = None, exact: bool = False) -> Document:
        """Return the worked solution on paper: the whole lesson, one table (a dotted name), or one cell of it (from 1).

        exact: also show fractions, roots and powers of e where a cell has such a value, as for a single cell.

        >>> import byhand
        >>> print(byhand.build("softmax").explain("softmax.total", cell=(1, 1)).text()[:13])
        softmax.total
        """
        from byhand.explanations.handout import explain as worked
        from byhand.lessons.few_words import few_words

        if cell is not None and step is None:
            raise ByhandError("A cell belongs to a table: name the table with step.")
        return Document(worked(few_words(self), step, cell, exact))

    def _repr_html_(self) -> str:
        """Return the lesson as a page to explore; of a model too large for that, its result as a heat map."""
        from byhand.escaping import escaped

        try:
            return self.page()._repr_html_()
        except ByhandError:
            title, sizes = lessons.describe(self)
            result = self.graph.probabilities or self.graph.outputs[0]
            heading = f"<p><strong>{escaped(title)}</strong><br>{escaped(sizes)}</p>"
            return heading + self[result.name]._repr_html_()

    def __repr__(self) -> str:
        title, sizes = lessons.describe(self)
        return f"<{title}: {sizes}, {len(self)} tables>"


@dataclass(frozen=True)
class Page:
    """A lesson as one HTML page in which every number is alive: a notebook shows it in a frame of its own."""

    html: str
    title: str

    def _repr_html_(self) -> str:
        from byhand.page.build import in_frame

        return in_frame(self.html, self.title)

    def __repr__(self) -> str:
        return f"<page: {self.title}>"


@dataclass(frozen=True)
class Document:
    """A worked solution or a derivation: text for the terminal, Markdown, LaTeX, HTML, or a file in any of them."""

    content: documents.Document

    def text(self, format: str = "txt") -> str:
        """Return the document in one format: txt, md, tex or html. Raises ByhandError for another."""
        from byhand.documents.output import WRITERS, written

        if format not in WRITERS or format == "pdf":
            known = [name for name in WRITERS if name != "pdf"]
            raise ByhandError(f"There is no text in the format {quoted(format)}; {nearest(format, known)}.")
        return written(self.content, format).decode()

    def save(self, path: PathText, overwrite: bool = True) -> Path:
        """Write the document in the format that the file's name ends in: .md, .txt, .tex, .html or .pdf."""
        from byhand.documents.output import chosen, hand_out

        place = Path(path)
        hand_out(self.content, chosen(place, None, overwrite), place)
        return place

    def _repr_markdown_(self) -> str:
        return self.text("md")

    def __str__(self) -> str:
        return self.text()


def build(model: str | PathLike[str] | Recipe, **options: Any) -> Lesson:
    """Build a model: compute every table.

    model: a name (see `model_names`), a recipe's file (.toml), the folder of a checkpoint, or a Recipe. options: the
    fields of Recipe, which are the words of the command line: prompt="the cat sat", ids=[0, 1, 4], generate=3,
    size={"d_model": 8}, seed=7, backward=True, targets=[1, 4, "_"], optimizer="adam", set={"layer1.W_O[1,2]": 5} ...

    Raises ByhandError, one sentence with the fix, if the options are invalid.

    >>> import byhand
    >>> byhand.build("attention", size="medium")
    <One attention head by hand, medium: part · d_model 6 · d_k 4, 15 tables>
    """
    recipe = model if isinstance(model, Recipe) else find(str(model))
    known = set(KEYS) - {"model"}
    for name in options:
        if name not in known:
            raise ByhandError(f"build takes no option {quoted(name)}; {nearest(name, known)}.")
    if isinstance(options.get("size"), str):
        options["size"] = {"name": options["size"]}
    if "size" in options:
        options["size"] = recipe.size | options["size"]
    for name, value in options.items():
        if isinstance(value, np.ndarray | np.generic):
            options[name] = value.tolist()
    record(Recipe, {"model": recipe.model, **options}, "the options of build")
    for one, other in (("prompt", "ids"), ("target_prompt", "target_ids")):
        for given, replaced in ((one, other), (other, one)):
            if options.get(given) is not None:
                options.setdefault(replaced, None)  # which the recipe may state
    from byhand.lessons.build import build as built

    lesson = built(replace(recipe, **options))
    return Lesson(**{f.name: getattr(lesson, f.name) for f in fields(lessons.Lesson)})


def model_names() -> list[str]:
    """Return the names of all models that can be built, by family.

    >>> import byhand
    >>> "gpt2" in byhand.model_names()
    True
    """
    from byhand.models import MODELS

    return list(MODELS)


def train(
    text: str | PathLike[str],
    model: str | PathLike[str] | Recipe = "gpt2",
    *,
    tokens: str = "words",
    hold_out: float = 0.0,
    size: str | dict[str, Any] | None = None,
    words: Sequence[str] = (),
    seed: int | None = None,
    **settings: Any,
) -> Lesson:
    """Train a model on a text, and return the lesson with the weights that it has learnt.

    text: the text itself, a line for each sequence; or the name of one that comes with byhand, or a Path. model: as for
    `build`; it begins with random weights. tokens: words, chars or bpe:40. hold_out: the share of the sequences that
    are only tried. words: the vocabulary, in place of the text's words. settings: of TrainingOptions, such as
    steps=300, lr=0.03, optimizer="adam", batch_size=8, grid=0.5. Ctrl-C ends it early, with what is learnt so far.

    Raises ByhandError for a text or settings that do not fit, and for a loss that grows beyond all bounds.

    >>> import byhand
    >>> lesson = byhand.train("the cat sat\\na dog ran", steps=100, lr=0.03)
    >>> lesson["probabilities"].shape
    (2, 6)
    >>> lesson.words
    ['sat']
    """
    from byhand.lessons.build import before_learning, model_of
    from byhand.lessons.corpus import corpus, held_out, read_text, ready_made_texts
    from byhand.lessons.learnt import with_weights
    from byhand.lessons.training import TrainingOptions
    from byhand.lessons.training import train as learn

    recipe = model if isinstance(model, Recipe) else find(str(model))
    given = {"name": size} if isinstance(size, str) else dict(size or {})
    recipe = replace(recipe, size=recipe.size | given, words=list(words) or recipe.words)
    recipe = before_learning(recipe if seed is None else replace(recipe, seed=seed))
    options = record(TrainingOptions, {"seed": seed or 0} | settings, "the settings of train")
    file = ready_made_texts().get(text) if isinstance(text, str) else Path(text)
    name = "a text" if file is None else file.name
    content = str(text) if file is None else read_text(_bytes(file), name)
    learning = corpus(read_text(content.encode(), name), recipe, *model_of(recipe), tokens)
    to_learn, aside = held_out(learning, hold_out, options.seed)
    learnt = learn(learning.recipe, to_learn, options, aside)
    return build(with_weights(learning, learnt, options, name, hold_out))


def _bytes(path: Path) -> bytes:
    """Return a text file's bytes. Raises ByhandError for a file that cannot be read, or is too large to learn from."""
    from byhand.lessons.corpus import MOST_TEXT

    return read_bytes(path, "text", 4 * MOST_TEXT, "give a shorter text")


def explain(
    model: str | PathLike[str] | Recipe,
    step: str | None = None,
    cell: tuple[int, int] | None = None,
    exact: bool = False,
    **options: Any,
) -> Document:
    """Return the worked solution of a model on paper: `build(model, **options).explain(step, cell, exact)`."""
    return build(model, **options).explain(step, cell, exact)


def derive(topic: str) -> Document:
    """Return the derivation of a topic, in which every line is checked. Raises ByhandError for an unknown topic.

    >>> import byhand
    >>> print(byhand.derive("softmax").text()[:7])
    softmax
    """
    from byhand.derivations.stored_pages import derive as derived

    return Document(derived(topic))


def make_exercises(
    recipe: str | PathLike[str],
    folder: PathText,
    *,
    roster: PathText | None = None,
    count: int | None = None,
    seed: int | None = None,
    formats: Sequence[str] = ("xlsx", "html"),
    practice: bool = False,
    language: str | None = None,
    versions: int | None = None,
    variants: int | None = None,
    jobs: int | None = 1,
    overwrite: bool = False,
) -> SetResult:
    """Make an exercise for each student, with other numbers for each, and the key, as `byhand exercise` does.

    recipe: a ready-made exercise's name, or a file (.toml). folder: gets students/ to hand out and keys/ to keep.
    roster: the class as a CSV file; or count: so many numbered students (one, if neither is given). seed: for a set
    that anybody who knows it can make again; without it, the numbers come from a secret in keys/. formats: of xlsx,
    html, pdf, md, moodle, canvas, qti, qti3. practice: each answer shows at once whether it is right. language: what
    the class reads, such as "de"; None for the recipe's. versions: how many the class shares (A, B, ...), with a table
    of the answers; None for other numbers for each student. variants: how many the class shares in the files for
    learning systems alone; None for each system's usual number. jobs: the number of processes, or None for as many as
    pay. What to do with those files is in the result's `notes`.

    Called again after a stop it makes what is missing. Raises ByhandError for a recipe, a roster or a folder that
    is invalid; then nothing is written.

    >>> import byhand, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = byhand.make_exercises("softmax", folder, count=2, seed=7)
    ...     print(made.students, made.written)
    2 6
    """
    from byhand.exercises.class_set import make_set, set_options

    place = None if roster is None else Path(roster)
    more: dict[str, Any] = {
        "seed": seed,
        "practice": practice,
        "language": language,
        "versions": versions,
        "variants": variants,
        "jobs": jobs,
        "force": overwrite,
    }
    return make_set(set_options(str(recipe), Path(folder), place, count, ",".join(formats), **more))


def grade(
    submissions: PathText,
    key: PathText,
    folder: PathText,
    *,
    rosters: Sequence[PathText] = (),
    formats: Sequence[str] = ("xlsx", "html"),
    title: str = "",
    decide: PathText | None = None,
    anonymous: bool = False,
    show_answers: bool = False,
    jobs: int | None = 1,
    overwrite: bool = False,
) -> ClassResult:
    """Mark the submissions of a class: grades, feedback for each student and a report, as `byhand grade` does.

    submissions: their folder, or the zip file of a learning system. key: the set's folder, its keys folder, or its
    key.json. folder: gets grades.csv, feedback/ and report.html. rosters: the class as Moodle or Canvas exports it.
    formats: of the feedback. decide: a file of decisions on single students; they are kept in the folder's
    decisions.toml. anonymous: marks under pseudonyms. show_answers: feedback works what was missed with the student's
    own numbers.

    Submissions are never run as code. Raises ByhandError for an invalid key, roster or folder.

    >>> import byhand, tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = byhand.make_exercises("softmax", Path(folder, "quiz"), count=2, seed=7)
    ...     result = byhand.grade(Path(folder, "quiz", "students"), Path(folder, "quiz"), Path(folder, "marks"))
    ...     print([grade.points for grade in result.grades])
    [0.0, 0.0]
    """
    from byhand.grading.class_marks import grade as graded
    from byhand.grading.class_marks import grading_options

    more: dict[str, Any] = {"key": Path(key), "folder": Path(folder), "rosters": tuple(map(Path, rosters))}
    more |= {"title": title, "decide": None if decide is None else Path(decide)}
    more |= {"anonymous": anonymous, "show_answers": show_answers}
    chosen = grading_options(Path(submissions), ",".join(formats), **more, jobs=jobs, force=overwrite)
    return graded(chosen)


def judge(answer: str, key: str, rule: str = "exact", **settings: str) -> Judgement:
    """Judge one typed answer as the command `answer` does; the answer is never run as code.

    rule: "dp:2", "sf:3", "abs:0.01", "exact", "equiv" ...; settings: decimal="comma", log="base10" ...
    Returns a Judgement with outcome, read_as and sentence. Raises ByhandError for a key, rule or setting that is wrong.

    >>> import byhand
    >>> verdict = byhand.judge("0,88", key="exp(2)/(1+exp(2))", rule="dp:2")
    >>> verdict.right, verdict.read_as
    (True, '0.88 (decimal comma)')
    """
    from byhand.answers.judge import judge_text

    return judge_text(answer, key, rule, tuple(settings.items()))
