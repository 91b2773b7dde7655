"""Diagnosis of wrong answers: the fewest misconceptions that explain the most answers, and slips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.answers import slips
from byhand.answers.slips import COARSE as TOO_FEW_PLACES
from byhand.answers.slips import Slip, find_slip
from byhand.core.captions import symbol
from byhand.core.graph import Array, Node
from byhand.exercises.distinct_mistakes import A_CONTRADICTION, A_MISCONCEPTION
from byhand.exercises.lms_fields import join_sentences
from byhand.exercises.problem import Flags, copies, rearrangements
from byhand.grading.carry_forward import Fit, OwnTable, StageEvidence, StudentAnswers, tables_by
from byhand.grading.evidence import (
    Counted,
    StageAnswers,
    all_explained,
    counted,
    is_copy,
    is_rearranged,
    named,
    one_number_in_every_cell,
)
from byhand.grading.hypotheses import Combination, Hypotheses
from byhand.grading.rounding import Rounding, rounding_of_answers, rounding_on_the_way
from byhand.grading.stages import Stage
from byhand.grading.verdicts import (
    BETWEEN,
    COPIED,
    NOT_WORKED_OUT,
    ONE_NUMBER,
    ROUNDED,
    WRONG,
    CellFinding,
    Verdict,
    finding_that_follows,
)
from byhand.translations import _

BEAM = 6
"""The number of explanations that are kept from stage to stage."""
BEHIND = 2.5
"""How far the score of an explanation may lie behind the best one and still be kept."""
ASIDE = 0.05
"""The cost of an answer that follows on another way than the main one."""


@dataclass(frozen=True, eq=False)
class StageFindings:
    """The diagnosis of a stage's answers. by: the misconceptions behind each. mistake, rounded, from_given: (n,)

    from_given: whether the misconceptions lead to an answer from the given numbers, not from the student's own.
    """

    evidence: StageEvidence
    mistake: Flags
    rounded: Flags
    by: tuple[Combination, ...]
    from_given: Flags

    @property
    def open(self) -> Flags:
        """The answers that nothing explains."""
        return np.asarray(self.evidence.open & ~self.mistake & ~self.rounded)


@dataclass(frozen=True, eq=False)
class Explanation:
    """A possible explanation of the student's answers up to some stage. own_tables, findings: by stage.

    matches, against: the number of answers for and against each misconception.
    """

    combination: Combination = ()
    own_tables: Mapping[int, OwnTable] = field(default_factory=dict)
    findings: Mapping[int, StageFindings] = field(default_factory=dict)
    explained: int = 0
    cost: float = 0
    matches: Mapping[int, int] = field(default_factory=dict)
    against: Mapping[int, int] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[float, int, int]:
        return (round(self.cost - self.explained, 6), len(self.combination), sum(self.combination))

    @property
    def sound(self) -> bool:
        """Whether no misconception fits by chance: as many answers for as against it, and few unexplained."""
        left = sum(int(findings.open.sum()) for findings in self.findings.values())
        return all(max(self.against.get(i, 0), left - 1) <= self.matches.get(i, 0) for i in self.combination)


def best_explanations(answers: StudentAnswers) -> list[Explanation]:
    """Return the explanation of the most answers by the fewest misconceptions, then others that explain as many."""
    sound = [s for s in _explanations(answers, BEHIND) if s.sound] or [
        s for s in _explanations(answers, math.inf) if s.sound
    ]
    ranked = sorted(sound, key=lambda s: s.rank)
    return [
        s for s in ranked if s.explained == ranked[0].explained and len(s.combination) <= len(ranked[0].combination)
    ]


def _explanations(answers: StudentAnswers, behind: float) -> list[Explanation]:
    """Return the best explanations of all stages, and one without misconceptions. behind: see BEHIND."""
    explanations = [Explanation()]
    for stage in answers.hypotheses.stages:
        ranked = sorted(
            (f for explanation in explanations for f in _further(answers, explanation, stage)), key=lambda s: s.rank
        )
        plain = [explanation for explanation in ranked if not explanation.combination][:2]
        explanations = [s for s in dict.fromkeys([*plain, *ranked[:BEAM]]) if s.rank[0] <= ranked[0].rank[0] + behind]
    return explanations


def _further(answers: StudentAnswers, explanation: Explanation, stage: Stage) -> list[Explanation]:
    """Return the explanation extended in every possible way by one more stage."""
    evidence = StageEvidence(answers, stage, explanation.own_tables)
    fits = evidence.fits(_parts(explanation.combination))
    continued = [_explained(explanation, evidence, None, fits)]
    if evidence.open.any():
        fits += _new(answers, explanation, evidence, fits)
        roundings = rounding_on_the_way(evidence, explanation.own_tables), rounding_of_answers(evidence)
        continued += [_with_rounding(continued[0], stage, rounding) for rounding in roundings if rounding]
    return continued + [_explained(explanation, evidence, one, fits) for one in fits if one.holds]


def _parts(combination: Combination) -> list[Combination]:
    """Return each misconception alone, then all of them together."""
    singles: list[Combination] = [(i,) for i in combination]
    return [*singles, *([combination] if len(combination) > 1 else [])]


def _new(answers: StudentAnswers, explanation: Explanation, evidence: StageEvidence, own: Sequence[Fit]) -> list[Fit]:
    """Return the fits of misconceptions that are new to the explanation, alone or with its own."""
    hypotheses, stage = answers.hypotheses, evidence.stage
    if len(explanation.combination) == 2 or any(f.explains_all for f in own):
        return []
    singles = [i for i in hypotheses.singles[stage.number] if i[0] not in explanation.combination]
    if stage.of_rows:  # one number of a few, which anybody may hit
        return evidence.fits([i for i in singles if i[0] < hypotheses.distinct])
    fits = evidence.fits(singles)
    lost = not explanation.combination and any(findings.open.any() for findings in explanation.findings.values())
    by_chance = evidence.open.sum() < 2 and not explanation.combination  # some pair leads to any one number
    if lost or by_chance or any(f.explains_all for f in fits):
        return fits
    together = (
        [tuple(sorted((*explanation.combination, *i))) for i in singles]
        if explanation.combination
        else hypotheses.pairs(stage)
    )
    return fits + evidence.fits(
        [combination for combination in together if hypotheses.differs(combination, stage.node)]
    )


def _explained(
    explanation: Explanation, evidence: StageEvidence, chosen: Fit | None, fits: Sequence[Fit]
) -> Explanation:
    """Return the explanation with one more stage, explained by the chosen misconceptions or by none."""
    nothing: Flags = np.zeros(len(evidence.written), dtype=bool)
    findings = StageFindings(
        evidence,
        chosen.matched if chosen else nothing,
        nothing,
        _combinations(chosen, fits, len(nothing)),
        chosen.hits[0] if chosen else nothing,
    )
    combination = tuple(sorted({*explanation.combination, *(chosen.combination if chosen else ())}))
    matches, against = _evidence(explanation, chosen, fits)
    surprises = sum(against.values()) - sum(explanation.against.values()) if combination else 0
    cost = (
        A_MISCONCEPTION * (len(combination) - len(explanation.combination))
        + A_CONTRADICTION * surprises
        + ASIDE * _aside(evidence, fits)
    )
    explained = int((evidence.answered & ~findings.open).sum())
    own_tables = (
        explanation.own_tables
        if evidence.stage.of_rows
        else {**explanation.own_tables, evidence.stage.number: evidence.own_table(chosen)}
    )
    by_stage = {**explanation.findings, evidence.stage.number: findings}
    return Explanation(
        combination, own_tables, by_stage, explanation.explained + explained, explanation.cost + cost, matches, against
    )


def _aside(evidence: StageEvidence, fits: Sequence[Fit]) -> int:
    """Count the answers that follow only on another way than the main one, or only by the shorter form."""
    if evidence.stage.by_hand is evidence.stage.node:
        return evidence.aside
    by_ideas = np.any([one.hits.any(0) for one in fits], axis=0) if fits else False
    return int((evidence.follows & ~by_ideas).sum())


def _evidence(
    explanation: Explanation, chosen: Fit | None, fits: Sequence[Fit]
) -> tuple[dict[int, int], dict[int, int]]:
    """Count the answers for and against each misconception, for a new one also at earlier stages."""
    matches, against = dict(explanation.matches), dict(explanation.against)
    replacements = chosen.combination if chosen else ()
    for i in replacements:
        matches[i] = matches.get(i, 0) + (int(chosen.matched.sum()) if chosen else 0)
        against[i] = against.get(i, 0) + (int(chosen.against.sum()) if chosen else 0)
        if i not in explanation.combination:
            earlier = [one for findings in explanation.findings.values() for one in findings.evidence.fits([(i,)])]
            against[i] += sum(int(one.against.sum()) for one in earlier)
    for one in fits:
        if (
            len(one.combination) == 1
            and one.combination[0] in explanation.combination
            and one.combination[0] not in replacements
        ):
            against[one.combination[0]] = against.get(one.combination[0], 0) + int(one.against.sum())
    return matches, against


def _combinations(chosen: Fit | None, fits: Sequence[Fit], count: int) -> tuple[Combination, ...]:
    """Return the misconceptions that each cell needs: one of a pair where that one alone gives the same number."""
    if chosen is None:
        return ((),) * count
    parts = [
        one
        for one in fits
        if len(one.combination) < len(chosen.combination) and set(one.combination) <= set(chosen.combination)
    ]
    return tuple(
        next((p.combination for p in parts if p.matched[n]), chosen.combination) if flag else ()
        for n, flag in enumerate(chosen.matched)
    )


def _with_rounding(explanation: Explanation, stage: Stage, rounding: Rounding) -> Explanation:
    findings = replace(explanation.findings[stage.number], rounded=rounding.cells)
    own, place = explanation.own_tables[stage.number], (stage.rows, stage.columns)
    exact = own.exact.copy()
    exact[place] = np.where(rounding.cells, rounding.expected, exact[place])
    return replace(
        explanation,
        own_tables={**explanation.own_tables, stage.number: replace(own, exact=exact, unsure=())},
        findings={**explanation.findings, stage.number: findings},
        explained=explanation.explained + int(rounding.cells.sum()),
        cost=explanation.cost + rounding.cost,
    )


IN_WRITING = (slips.PERCENT, slips.CELLS_SWAPPED)
"""Mistakes that are no misconceptions: their indices are negative."""
MOST_OR = 2
"""The number of equally good explanations of a number that the student reads."""


def cell_findings(answers: StudentAnswers) -> dict[int, CellFinding]:
    """Return the finding for each answer that is not simply right, by its place among all answers."""
    hypotheses = answers.hypotheses
    if len(hypotheses.stages) > 1 and one_number_in_every_cell(answers.written, answers.key):
        answered = [n for stage in hypotheses.stages for n in stage.flat.tolist() if not np.isnan(answers.written[n])]
        return dict.fromkeys(answered, CellFinding(Verdict.WRONG, _(ONE_NUMBER)))
    explanations = best_explanations(answers)
    best = explanations[0]
    slips_by_stage = [_slips(best, stage) for stage in hypotheses.stages]
    all_answers = [
        _stage_answers(hypotheses, best.findings[stage.number], *found, _is_copy(answers, stage))
        for stage, found in zip(hypotheses.stages, slips_by_stage, strict=True)
    ]
    by_place: dict[int, CellFinding] = {}
    unguessed = any(mine.tells_of_mistakes for mine in all_answers) or all_explained(all_answers)
    counts = counted(all_answers, hypotheses.reads_given)
    tells = _tells_of_mistakes(hypotheses, all_answers, counts)
    for number, (stage, mine) in enumerate(zip(hypotheses.stages, all_answers, strict=True)):
        found = slips_by_stage[number][0]
        for n in np.flatnonzero(mine.answered & (mine.idle | ~mine.right)).tolist():
            finding = _finding(hypotheses, explanations, stage, n, found.get(n))
            if not counts[number].any[n]:
                finding = _without_evidence(finding, mine, unguessed or bool(tells[number][n]))
            by_place[int(stage.flat[n])] = finding
    return by_place


def _tells_of_mistakes(
    hypotheses: Hypotheses, all_answers: Sequence[StageAnswers], counts: Sequence[Counted]
) -> list[Flags]:
    """Return for each stage which answers tell of a mistake, though it may earn nothing. (n,) each"""
    made = [np.array([bool(combination) for combination in mine.mistakes], dtype=bool) for mine in all_answers]
    if all((flags <= count.any).all() for flags, count in zip(made, counts, strict=True)):
        return [count.mistakes for count in counts]
    return named(all_answers, hypotheses.reads_given)


def _is_copy(answers: StudentAnswers, stage: Stage) -> bool:
    """Whether the answers of a stage are the numbers of a given table, in some order, in part or over and over."""
    written, key, margins = answers.written[stage.flat], answers.key[stage.flat], stage.tolerances.margins
    answered = ~np.isnan(written)
    if stage.of_rows or not answered.any():
        return False
    typed, room = written[answered, None], margins[answered, None]
    with np.errstate(all="ignore"):
        tables = [t for t in answers.visible if (np.abs(typed - t.ravel()) <= room).any(1).all()]
    given = copies(tables, stage.rows, stage.columns, int(stage.node.shape[1]))
    if not given:
        return False
    in_other_order = rearrangements(tables, len(written))
    return is_copy(written, key, np.stack(given), margins) or is_rearranged(
        written, key, np.stack(in_other_order), margins
    )


def _without_evidence(finding: CellFinding, mine: StageAnswers, unguessed: bool) -> CellFinding:
    """Return the finding for an answer whose explanation earns nothing.

    A mistake is named all the same where a copy, or one number, can only be made by it, and where many numbers of some
    table tell of mistakes, or mistakes explain the whole sheet. unguessed: whether they do.
    """
    if unguessed and finding.verdict is Verdict.MISTAKE:
        return replace(finding, verdict=Verdict.WRONG)
    if mine.idle:
        behind = {combination for combination, right in zip(mine.mistakes, mine.right, strict=True) if not right}
        named = finding.verdict is Verdict.MISTAKE and len(behind) == 1 and BETWEEN not in finding.mistake
        nothing = CellFinding(Verdict.WRONG, _(COPIED if mine.copied else ONE_NUMBER))
        return replace(finding, verdict=Verdict.WRONG) if named else nothing
    return CellFinding(Verdict.WRONG, _(NOT_WORKED_OUT if finding.verdict is Verdict.FOLLOWS else WRONG))


def _stage_answers(
    hypotheses: Hypotheses, findings: StageFindings, found: Mapping[int, Slip], alike: bool, copied: bool
) -> StageAnswers:
    evidence, cells = findings.evidence, range(len(findings.evidence.written))
    coarse = np.array([n in found and found[n].coarse for n in cells], dtype=bool)
    slipped = np.array([n in found and not (found[n].coarse or found[n].mistake) for n in cells], dtype=bool)
    mistakes = [by if flag else () for by, flag in zip(findings.by, findings.mistake, strict=True)]
    in_writing = [_in_writing_by(found.get(n)) for n in cells]
    return StageAnswers(
        evidence.stage,
        evidence.written,
        evidence.key,
        evidence.right,
        evidence.follows,
        evidence.sources,
        tuple(by or other for by, other in zip(mistakes, in_writing, strict=True)),
        findings.from_given,
        evidence.ways.source(evidence.ways.main),
        _known_to_all(findings, hypotheses),
        findings.rounded,
        coarse & evidence.coarse_of_key,
        coarse & ~evidence.coarse_of_key,
        slipped,
        alike,
        copied,
    )


def _known_to_all(findings: StageFindings, hypotheses: Hypotheses) -> Flags:
    """Return the answers by mistakes that need no work: what half of all students get, or copied. (n,)

    Copied are those that stand in the same place of a given table which most of the answers are copies of.
    """
    evidence, stage = findings.evidence, findings.evidence.stage
    known: Flags = np.zeros(len(evidence.written), dtype=bool)
    for combination in {*findings.by} - {()}:
        by = findings.mistake & np.array([mine == combination for mine in findings.by], dtype=bool)
        known |= by & stage.tolerances.agree(evidence.written, hypotheses.usual_numbers(stage, combination))
    if not findings.mistake.any() or stage.of_rows:
        return known
    for table in copies(evidence.answers.visible, stage.rows, stage.columns, int(stage.node.shape[1])):
        same = evidence.answered & stage.tolerances.agree(evidence.written, table)
        if 2 * int(same.sum()) > int(evidence.answered.sum()):
            known |= same & findings.mistake
    return known


def _in_writing_by(slip: Slip | None) -> tuple[int, ...]:
    return (IN_WRITING.index(slip.mistake) - len(IN_WRITING),) if slip and slip.mistake else ()


def _finding(
    hypotheses: Hypotheses, explanations: Sequence[Explanation], stage: Stage, n: int, slipped: Slip | None
) -> CellFinding:
    findings = explanations[0].findings[stage.number]
    if findings.mistake[n]:
        others = [explanation.findings[stage.number] for explanation in explanations]
        return _mistake(hypotheses, [other.by[n] for other in others], any(other.rounded[n] for other in others))
    if findings.evidence.follows[n]:
        source = int(findings.evidence.sources[n])
        if not explanations[0].own_tables[source].wrong:  # right numbers, rounded, and used as they stand
            return CellFinding(Verdict.RIGHT)
        return finding_that_follows(symbol(hypotheses.stages[source].node))
    if slipped and slipped.coarse:
        return CellFinding(Verdict.ROUNDED, slipped.sentence)
    if findings.rounded[n]:
        return CellFinding(Verdict.ROUNDED, _(ROUNDED))
    if slipped is None:
        return CellFinding(Verdict.WRONG, _(WRONG))
    return CellFinding(Verdict.MISTAKE if slipped.mistake else Verdict.SLIP, slipped.sentence, slipped.mistake)


def _mistake(hypotheses: Hypotheses, fitting: Sequence[Combination], rounded: bool) -> CellFinding:
    """Return the finding for a mistake, with the sentences of other explanations that fit as well."""
    sentences = [
        " ".join(_(hypotheses.list[i].sentence) for i in combination)
        for combination in dict.fromkeys(fitting)
        if combination
    ]
    sentences += [_(ROUNDED)] * rounded
    names = BETWEEN.join(hypotheses.list[i].name for i in fitting[0])
    return CellFinding(Verdict.MISTAKE, join_sentences(tuple(sentences[:MOST_OR])), names)


def _slips(explanation: Explanation, stage: Stage) -> tuple[dict[int, Slip], bool]:
    """Return the slips of a table, and whether all its wrong answers have the same.

    Numbers to too few places, cut off, as percent or in each other's cells are always found; other slips if there are
    few of them or all are the same.
    """
    findings = explanation.findings[stage.number]
    evidence = findings.evidence
    found = {
        n: _coarse(stage, n) for n in np.flatnonzero(evidence.coarse & (findings.open | findings.rounded)).tolist()
    }
    if stage.of_rows:
        return {}, False
    found |= _in_writing(evidence, findings.open & ~evidence.coarse)
    answered, wrong = (
        int(evidence.answered.sum()),
        [n for n in np.flatnonzero(findings.open).tolist() if n not in found],
    )
    origins = [*_origins(evidence), *_with_mistakes(findings)] if wrong else []
    must_be_alike = len(wrong) > answered // 2 + max(1, answered // slips.FEW)
    slips_by_cell: dict[int, Slip] = {}
    for n in wrong:
        slip = _slip(stage, n, float(evidence.written[n]), origins)
        if slip:
            slips_by_cell[n] = slip
        elif must_be_alike:
            break  # so many wrong answers are no slips, unless all of them are the same
    few = len(slips_by_cell) <= max(1, answered // slips.FEW) and len(wrong) - len(slips_by_cell) <= answered // 2
    alike = len(slips_by_cell) == len(wrong) > 1 and len({one.sentence for one in slips_by_cell.values()}) == 1
    return found | (slips_by_cell if few or alike else {}), alike or (not wrong and len(found) > 1)


def _in_writing(evidence: StageEvidence, cells: Flags) -> dict[int, Slip]:
    """Return the mistakes in writing down numbers that are right, or follow: as percent, cut off, in another cell."""
    stage, expected = evidence.stage, evidence.expected[evidence.ways.main]
    found: dict[int, Slip] = {}
    if not cells.any():
        return found
    for numbers in (expected, evidence.key):
        for n in np.flatnonzero(cells & np.isfinite(numbers)).tolist():
            answer, number, places = float(evidence.written[n]), float(numbers[n]), int(stage.tolerances.places[n])
            slip = slips.as_percent(answer, number, places) or slips.cut_off(answer, number, places)
            if slip and n not in found:
                found[n] = slip
        percent = [n for n, slip in found.items() if slip.mistake == slips.PERCENT]
        if 3 * len(percent) < 2 * int(cells.sum()):  # a whole table is written as percent, or hardly any of it
            found = {n: slip for n, slip in found.items() if n not in percent}
        turned = stage.tolerances.agree(-evidence.written, numbers)
        left: Flags = cells & ~np.isin(np.arange(len(cells)), [*found])
        if int((turned & left).sum()) > 2:  # two alone are in each other's cells
            left &= ~turned
        found |= slips.swapped(evidence.written, numbers, left, stage.tolerances.margins)
    return found


def _coarse(stage: Stage, n: int) -> Slip:
    return Slip(_(TOO_FEW_PLACES).format(places=int(stage.tolerances.places[n])), coarse=True)


def _slip(stage: Stage, n: int, answer: float, origins: Sequence[Origin]) -> Slip | None:
    cell = int(stage.rows[n]), int(stage.columns[n])
    places, margin = int(stage.tolerances.places[n]), float(stage.tolerances.margins[n])
    return next(filter(None, (find_slip(answer, node, cell, places, margin, values) for node, values in origins)), None)


Origin = tuple[Node, Mapping[Node, Array]]
"""A table, and the numbers of it and of the tables before it."""


def _origins(evidence: StageEvidence) -> list[Origin]:
    """Return the right table, computed first from the student's own numbers, then from the given ones."""
    ways = dict.fromkeys((evidence.ways.main, min(2, evidence.ways.main * 2), 0))
    return [(evidence.stage.by_hand, _on_way(evidence.values, way)) for way in ways]


def _with_mistakes(findings: StageFindings) -> list[Origin]:
    """Return the table under the student's misconceptions: a slip may occur on top of them."""
    many = [combination for combination in dict.fromkeys(findings.by) if combination]
    if not many:
        return []
    evidence = findings.evidence
    values = tables_by(evidence.answers.hypotheses, evidence.answers.given, evidence.ways, many)
    return [
        (evidence.answers.hypotheses.version(combination, evidence.stage.node), _on_way(values, evidence.ways.main))
        for combination in many
    ]


def _on_way(values: Mapping[Node, Array], way: int) -> dict[Node, Array]:
    return {node: table[min(way, len(table) - 1)] if table.ndim == 3 else table for node, table in values.items()}
