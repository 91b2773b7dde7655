"""A class's exercise as a package of IMS QTI 2.1 or 3.0: one item for each student, and a test that holds it.

All numbers of a student are fields of one item, since they belong together. Response processing adds up the share of
each right number, within its margin, and of each known mistake, whose sentence is shown. The elements of version 3.0
are those of 2.1 under other names: qti-text-entry-interaction for textEntryInteraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from byhand.core.labels import labels
from byhand.core.number_text import in_full
from byhand.escaping import escaped
from byhand.exercises.canvas import MOST_TITLE, identifier, zipped
from byhand.exercises.draw import Variant
from byhand.exercises.lms_fields import NEGLIGIBLE, Field, Mistakes, Part, class_parts, join_sentences, shares
from byhand.exercises.lms_html import after_questions, given_tables, html, number_table, paragraph, table
from byhand.exercises.problem import NOT_ASKED, Problem
from byhand.translations import _, counted, language

WIDTH = "8"
"""The characters for which a field has room."""


@dataclass(frozen=True)
class _Version:
    """What differs between the versions: the namespaces, and the words of the manifest."""

    number: str
    items: str
    package: str
    schema: str
    schema_version: str

    @property
    def resource(self) -> str:
        return f"xmlv{self.number.replace('.', 'p')}"

    def element(self, name: str, *content: str, **attributes: str) -> str:
        """Return an element by its name in version 2.1, with its attributes."""
        tag = self.name(name)
        pairs = "".join(f' {self._attribute(key)}="{escaped(value)}"' for key, value in attributes.items())
        inside = "".join(content)
        return f"<{tag}{pairs}>{inside}</{tag}>" if inside else f"<{tag}{pairs}/>"

    def name(self, name: str) -> str:
        return name if self.number == "2.1" else f"qti-{_kebab(name)}"

    def _attribute(self, name: str) -> str:
        return name if self.number == "2.1" else _kebab(name)


VERSIONS = {
    "qti": _Version(
        "2.1",
        "http://www.imsglobal.org/xsd/imsqti_v2p1",
        "http://www.imsglobal.org/xsd/imscp_v1p1",
        "QTIv2.1 Package",
        "1.0.0",
    ),
    "qti3": _Version(
        "3.0",
        "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        "QTI Package",
        "3.0.0",
    ),
}
"""The versions, by the name of their format."""


@lru_cache(200)
def _kebab(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"-{found[0].lower()}", name)


def write(
    problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = (), shared: bool = False, name: str = "qti"
) -> bytes:
    """Return the package, a zip file. mistakes: those of each variant, or none. name: of the format, see VERSIONS.

    shared: the variants are for the whole class: one test, from which each student gets one of them. ByhandError for an
    answer that is no number.
    """
    version = VERSIONS[name]
    items = [
        _Item(version, problem, variant, question_parts, identifier(problem, variant))
        for variant, question_parts in zip(variants, class_parts(problem, variants, mistakes), strict=True)
    ]
    tests = [items] if shared else [[item] for item in items]
    files = [(f"{item.ident}.xml", item.text()) for item in items]
    names = [f"{group[0].ident}_test" for group in tests]
    files += [(f"{ident}.xml", _test(version, ident, group, shared)) for ident, group in zip(names, tests, strict=True)]
    return zipped([("imsmanifest.xml", _manifest(version, problem, names, tests)), *files])


def class_files(
    problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = (), shared: bool = False, name: str = "qti"
) -> list[bytes]:
    return [write(problem, variants, mistakes, shared, name)]


def notes(problem: Problem, variants: Sequence[Variant], shared: bool, count: int) -> list[str]:
    """Return what a teacher should do and know, each a sentence. count: how many files there are."""
    if shared and len(variants) > 1:
        return [f"QTI: import the package; its one test gives each student one of {len(variants)} variants."]
    if shared:
        return ["QTI: import the package; its one test is the same for everybody."]
    return ["QTI: import the package; it holds a test for each student, with the id in its title: assign each to one."]


@dataclass(frozen=True)
class _Item:
    """The item of one variant."""

    version: _Version
    problem: Problem
    variant: Variant
    parts: Sequence[Part]
    ident: str

    @property
    def title(self) -> str:
        return f"{_(self.problem.exercise.title)[:MOST_TITLE]} · {self.variant.student.id[:40]}"

    def text(self) -> str:
        """Return the item's file."""
        v = self.version
        fields = [(part, n, field) for part in self.parts for n, field in enumerate(part.fields)]
        feedback = {s: f"M{i}" for i, s in enumerate(dict.fromkeys(_sentences(self.parts)), 1)}
        responses = [self._response(_name(part, n), field) for part, n, field in fields]
        outcomes = [
            self._outcome("SCORE", "0"),
            self._outcome("MAXSCORE", in_full(self.problem.exercise.points)),
            v.element("outcomeDeclaration", identifier="FEEDBACK", cardinality="multiple", baseType="identifier"),
        ]
        body = v.element("itemBody", self._body().replace(' border="1"', ""))
        rules = [
            self._rule(_name(part, n), field, share, feedback)
            for part in self.parts
            for n, (field, share) in enumerate(zip(part.fields, shares(part), strict=True))
        ]
        shown = [self._feedback(name, sentence) for sentence, name in feedback.items()]
        inside = [*responses, *outcomes, body, v.element("responseProcessing", *rules), *shown]
        return _root(
            v,
            "assessmentItem",
            inside,
            identifier=self.ident,
            title=self.title,
            adaptive="false",
            timeDependent="false",
        )

    def _outcome(self, name: str, value: str) -> str:
        default = self.version.element("defaultValue", self.version.element("value", value))
        return self.version.element(
            "outcomeDeclaration", default, identifier=name, cardinality="single", baseType="float"
        )

    def _response(self, name: str, field: Field) -> str:
        kind, key = _values(field, field.key)[0]
        right = self.version.element("correctResponse", self.version.element("value", escaped(key)))
        return self.version.element("responseDeclaration", right, identifier=name, cardinality="single", baseType=kind)

    def _body(self) -> str:
        pieces = [given_tables(self.problem, self.variant), *map(self._question, self.parts)]
        return "\n".join([*pieces, after_questions(self.problem)])

    def _question(self, part: Part) -> str:
        ask, node = part.question.ask, part.question.node
        points = counted("({n} point)", "({n} points)", ask.points).format(n=in_full(ask.points))
        pieces = [part.before] if part.before else []
        pieces += [paragraph(f"{part.number}. {part.text} {points}"), part.rules]
        if ask.hint:
            pieces.append(f"<p><i>{html(_('Hint: {hint}').format(hint=_(ask.hint)))}</i></p>")
        inputs = [self._input(_name(part, n), field) for n, field in enumerate(part.fields)]
        if ask.kind == "table":
            by_place, asked = dict(zip(part.places, inputs, strict=True)), set(part.question.indices)
            values = self.variant.values
            pieces.append(
                table(node, values, lambda i, j: by_place.get((i, j), "−∞" if (i, j) in asked else NOT_ASKED))
            )
        elif ask.kind == "wrong cell":
            pieces.append(number_table(node, self.variant))
            pieces.append(f"<p>{html(_('Row:'))} {inputs[0]} {html(_('Column:'))} {inputs[1]}</p>")
        elif len(inputs) > 1:
            names = labels(node, 0, self.variant.values)
            pieces += [f"<p>{html(names[i])}: {field}</p>" for (i, _j), field in zip(part.places, inputs, strict=True)]
        else:
            pieces.append(f"<p>{''.join(inputs)}</p>")
        return "\n".join(pieces)

    def _input(self, name: str, field: Field) -> str:
        if not field.options:
            return self.version.element("textEntryInteraction", responseIdentifier=name, expectedLength=WIDTH)
        choices = [
            self.version.element("inlineChoice", escaped(text), identifier=f"C{n}")
            for n, text in enumerate(field.options, 1)
        ]
        return self.version.element("inlineChoiceInteraction", *choices, responseIdentifier=name, shuffle="false")

    def _rule(self, name: str, field: Field, share: str, feedback: dict[str, str]) -> str:
        """Return the condition of one field: its share for a right answer, a part of it for a known mistake."""
        v = self.version
        right = [self._equals(name, field, value, margin) for value, margin in field.right]
        test = right[0] if len(right) == 1 else v.element("or", *right)
        branches = [v.element("responseIf", test, self._add(share))]
        for wrong in field.wrong_answers:
            said = self._say(feedback[wrong.sentence])
            paid = [self._add(in_full(round(float(share) * wrong.mark, 6)))] if wrong.mark else []
            test = self._equals(name, field, wrong.value, field.wrong_margin)
            branches.append(v.element("responseElseIf", test, *paid, said))
        return v.element("responseCondition", *branches)

    def _equals(self, name: str, field: Field, value: float, margin: float) -> str:
        v = self.version
        variable = v.element("variable", identifier=name)
        values = [v.element("baseValue", escaped(text), baseType=kind) for kind, text in _values(field, value)]
        if field.options or field.texts:
            same = [v.element("match", variable, each) for each in values]
            return same[0] if len(same) == 1 else v.element("or", *same)
        (number,) = values
        both = in_full(margin * (1 + 1e-9))
        return v.element("equal", variable, number, toleranceMode="absolute", tolerance=f"{both} {both}")

    def _add(self, share: str) -> str:
        v = self.version
        total = v.element(
            "sum", v.element("variable", identifier="SCORE"), v.element("baseValue", share, baseType="float")
        )
        return v.element("setOutcomeValue", total, identifier="SCORE")

    def _say(self, name: str) -> str:
        v = self.version
        more = v.element("baseValue", name, baseType="identifier")
        names = v.element("multiple", v.element("variable", identifier="FEEDBACK"), more)
        return v.element("setOutcomeValue", names, identifier="FEEDBACK")

    def _feedback(self, name: str, sentence: str) -> str:
        v = self.version
        text = paragraph(sentence) if v.number == "2.1" else v.element("contentBody", paragraph(sentence))
        return v.element("modalFeedback", text, outcomeIdentifier="FEEDBACK", identifier=name, showHide="show")


def _values(field: Field, value: float) -> list[tuple[str, str]]:
    """Return what stands for an answer, each a base type and its text: an option, all texts of a cut, or a number."""
    if field.options:
        return [("identifier", f"C{int(value)}")]
    return [("string", text) for text in field.texts[value]] if field.texts else [("float", _float(value))]


def _float(value: float) -> str:
    """Return a number as text; rounding dust is 0, since some systems read no 5e-30."""
    return in_full(round(value, NEGLIGIBLE) + 0.0)


def _name(part: Part, n: int) -> str:
    return f"Q{part.number}N{n + 1}"


def _sentences(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        for field in part.fields:
            yield from (join_sentences(wrong.sentences) for wrong in field.wrong_answers)


def _root(version: _Version, name: str, content: Sequence[str], **attributes: str) -> str:
    """Return an element that begins a file."""
    text = version.element(name, *content, **attributes)
    tag = version.name(name)
    tongue = f' xml:lang="{language()}"' if name == "assessmentItem" else ""  # a test of version 2.1 has none
    return text.replace(f"<{tag}", f'<{tag} xmlns="{version.items}"{tongue}', 1)


def _test(version: _Version, ident: str, items: Sequence[_Item], shared: bool) -> str:
    """Return the test of one student, or of the class, for which one of the items is selected."""
    v = version
    title = _(items[0].problem.exercise.title)[:MOST_TITLE] if shared else items[0].title
    references = [v.element("assessmentItemRef", identifier=item.ident, href=f"{item.ident}.xml") for item in items]
    selection = [v.element("selection", select="1")] if len(items) > 1 else []
    section = v.element("assessmentSection", *selection, *references, identifier="S1", title=title, visible="true")
    control = v.element("itemSessionControl", maxAttempts="1")
    part = v.element(
        "testPart", control, section, identifier="P1", navigationMode="nonlinear", submissionMode="simultaneous"
    )
    default = v.element("defaultValue", v.element("value", "0"))
    score = v.element("outcomeDeclaration", default, identifier="SCORE", cardinality="single", baseType="float")
    total = v.element("sum", v.element("testVariables", variableIdentifier="SCORE"))
    processing = v.element("outcomeProcessing", v.element("setOutcomeValue", total, identifier="SCORE"))
    return _root(v, "assessmentTest", [score, part, processing], identifier=ident, title=title)


def _manifest(version: _Version, problem: Problem, tests: Sequence[str], groups: Sequence[Sequence[_Item]]) -> str:
    resources = []
    for test, items in zip(tests, groups, strict=True):
        needed = "".join(f'<dependency identifierref="{item.ident}"/>' for item in items)
        resources.append(_resource(test, f"imsqti_test_{version.resource}", needed))
        resources += [_resource(item.ident, f"imsqti_item_{version.resource}") for item in items]
    return (
        f'<manifest xmlns="{version.package}" identifier="{identifier(problem, groups[0][0].variant)}_manifest">'
        f"<metadata><schema>{version.schema}</schema><schemaversion>{version.schema_version}</schemaversion></metadata>"
        f"<organizations/><resources>{''.join(resources)}</resources></manifest>\n"
    )


def _resource(ident: str, kind: str, needed: str = "") -> str:
    file = f"{ident}.xml"
    return f'<resource identifier="{ident}" type="{kind}" href="{file}"><file href="{file}"/>{needed}</resource>'
