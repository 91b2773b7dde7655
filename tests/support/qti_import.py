"""Items of IMS QTI 2.1 and 3.0: what their response processing makes of typed answers, rule by rule.

After the specification's Response Processing (responseCondition, equal with an absolute tolerance, match, or, sum,
multiple). The names of version 3.0 are read as those of 2.1.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from support.lms_marks import Marked, parsed


@dataclass(frozen=True)
class QtiItem:
    """One item. names: the fields, in the order of its text. points: MAXSCORE."""

    ident: str
    names: tuple[str, ...]
    points: float
    root: Element

    def mark(self, typed: Sequence[str]) -> Marked:
        """Return the score as a share of the points, and the feedback that is shown."""
        responses = {name: text for name, text in zip(self.names, typed, strict=True) if text}
        outcomes: dict[str, object] = {"SCORE": 0.0, "FEEDBACK": []}
        for condition in _all(self.root, "responseCondition"):
            for branch in condition:
                test, *actions = branch
                if _value(test, responses, outcomes):
                    for action in actions:
                        outcomes[action.get("identifier", "")] = _value(action[0], responses, outcomes)
                    break
        shown = outcomes["FEEDBACK"]
        assert isinstance(shown, list)
        said = [
            "".join(feedback.itertext()).strip()
            for feedback in _all(self.root, "modalFeedback")
            if feedback.get("identifier") in shown
        ]
        return Marked(float(str(outcomes["SCORE"])) / self.points, tuple(said))


def read(data: bytes) -> list[QtiItem]:
    """The items of a package, in the order of its manifest."""
    with ZipFile(io.BytesIO(data)) as archive:
        manifest = parsed(archive.read("imsmanifest.xml"), "The manifest")
        names = [r.get("href", "") for r in _all(manifest, "resource") if r.get("type", "").startswith("imsqti_item")]
        return [_item(_renamed(parsed(archive.read(name), name))) for name in names]


def _item(root: Element) -> QtiItem:
    inputs = [e for e in root.iter() if _tag(e) in ("textEntryInteraction", "inlineChoiceInteraction")]
    [points] = [o for o in _all(root, "outcomeDeclaration") if o.get("identifier") == "MAXSCORE"]
    names = tuple(e.get("responseIdentifier", "") for e in inputs)
    return QtiItem(root.get("identifier", ""), names, float("".join(points.itertext())), root)


def _renamed(root: Element) -> Element:
    """An item of version 3.0 under the names of 2.1."""
    for element in root.iter():
        name = _tag(element)
        if name.startswith("qti-"):
            element.tag = _camel(name.removeprefix("qti-"))
            element.attrib.update({_camel(key): value for key, value in element.attrib.items()})
        else:
            element.tag = name
    return root


def _camel(name: str) -> str:
    return re.sub("-([a-z])", lambda found: found[1].upper(), name)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(root: Element, tag: str) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) == tag)


def _value(e: Element, responses: dict[str, str], outcomes: dict[str, object]) -> object:
    """An expression's value; None where a response is empty."""
    tag = _tag(e)
    if tag == "baseValue":
        return float(e.text or "") if e.get("baseType") == "float" else e.text
    if tag == "variable":
        name = e.get("identifier", "")
        return outcomes[name] if name in outcomes else responses.get(name)
    values = [_value(child, responses, outcomes) for child in e]
    if tag == "or":
        return any(values)
    if tag == "sum":
        return sum(float(str(value)) for value in values)
    if tag == "multiple":
        known, more = values
        assert isinstance(known, list)
        return [*known, more]
    if tag == "match":
        typed, key = values
        chosen = e[1].get("baseType") == "identifier"
        return typed is not None and (f"C{typed}" if chosen else typed) == key
    assert tag == "equal", tag
    assert e.get("toleranceMode") == "absolute"
    typed, key = values
    below, above = map(float, str(e.get("tolerance")).split())
    try:
        number = float(str(typed))
    except ValueError:
        return False
    return float(str(key)) - below <= number <= float(str(key)) + above
