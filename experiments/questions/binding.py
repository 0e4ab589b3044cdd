"""What binds first at each design point, in sentences."""

from __future__ import annotations

from experiments.questions import metrics
from experiments.questions.figures import figure, rounded_figure
from experiments.questions.peak import peak_of
from experiments.questions.resources import BACKLOG, MEMORY, PLACES, PROCESSOR, Resource, binding
from experiments.studies.study import DesignPoint, Study
from experiments.wording import counted, listed, rate_words

_POINTS_TOLD = 3


def remarks_on_binding(resources: dict[int, list[Resource]], study: Study) -> list[str]:
    """Return one remark for all design points at which the same resource binds first."""
    by_resource: dict[str, list[tuple[DesignPoint, Resource]]] = {}
    for point in study.points:
        resource = binding(resources[point.index])
        if resource is not None:
            by_resource.setdefault(resource.words, []).append((point, resource))
    return [_remark(words, having, study) for words, having in by_resource.items()]


def _remark(words: str, having: list[tuple[DesignPoint, Resource]], study: Study) -> str:
    where = "" if len(having) == len(study.points) else f" at {_points(having)}"
    shares = [
        figure(resource.demand, metrics.UTILISATION)
        + (f" at {point.label}" if len(having) > 1 else "")
        for point, resource in having[:_POINTS_TOLD]
    ]
    scaled = "" if {one.scenario.scale for one, _ in having} == {1.0} else ", at the whole load"
    remark = f"What binds first{where} is {words}: {listed(shares)} {_state(having)}{scaled}"
    if len(having) > _POINTS_TOLD:
        remark += ", further points in the report"
    loads: dict[str, list[str]] = {}
    for point, resource in having[:_POINTS_TOLD]:
        loads.setdefault(_full(resource), []).append(point.label)
    for load, labels in loads.items():
        if load:
            remark += f"; {load}" + (f" at {listed(labels)}" if len(having) > 1 else "")
    return f"{remark}."


def _state(having: list[tuple[DesignPoint, Resource]]) -> str:
    """Return what the shares are of: what is in use, or what is asked for where that is more."""
    point, first = having[0]
    constant = peak_of(point.scenario).is_constant
    if first.kind == MEMORY:
        return "needed at the most"
    if first.kind == PLACES:
        return "asked for" if constant else "in use in the busiest sample"
    if any(resource.asks_for_more for _, resource in having):
        return "of what it can do is offered" + ("" if constant else " at the peak")
    if first.kind == BACKLOG:
        return "in use at its fullest"
    if constant:
        return "in use in the mean"
    is_load = first.kind == PROCESSOR and point.scenario.scale < 1
    return "in use at the peak" if is_load else "in use in the busiest sample"


def _points(having: list[tuple[DesignPoint, Resource]]) -> str:
    words = [point.label for point, _ in having[:_POINTS_TOLD]]
    if len(having) > _POINTS_TOLD:
        words.append(counted(len(having) - _POINTS_TOLD, "further point"))
    return listed(words)


def _full(resource: Resource) -> str:
    """Return the load at which a resource is full, or would be."""
    if resource.admitted is not None:
        return (
            f"it is too small for this load already: of {rate_words(resource.offered)} "
            f"{rounded_figure(resource.admitted)} find room"
        )
    if resource.full_at is not None:
        verb = "is" if resource.is_full else "would be"
        return f"it {verb} full from {rounded_figure(resource.full_at)} connections/s on"
    if resource.is_full:
        return f"it is full at this load already, {rate_words(resource.offered)}"
    return ""
