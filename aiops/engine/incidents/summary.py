"""Titles and sentences for people. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Sized

from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.returns import Returns
from aiops.engine.incidents.storm import MAX_COUNTED, Tally
from aiops.records import LABELS, Affected, Evidence, Member
from aiops.wording import came_back, duration, located, plural

# The capacity of a page, a pager or a chat message; the counts always include all.
MAX_SHOWN = 100
MAX_TITLE = 200
# Members that a record describes with the text of their alerts, and the characters of labels kept of each: what a
# message or a receiver that routes by labels needs, in some 25 kB at most for the usual labels.
MAX_DESCRIBED, MAX_LABEL_CHARS = 25, 4_000
# Sentences of joins by the member's number: an incident is announced several times, and they never change.
Sentences = dict[int, list[Evidence]]
MAX_SENTENCES = 4_096


def title(cluster: ClusterState, worst: MemberState | None, entity_count: int, alike: Affected | None = None) -> str:
    """Return one line: the worst alert, its entity, and how much more there is.

    `alike` are the entities of its workload on which the same alert fires.
    """
    if worst is None:
        return "Incident"
    if cluster.storm is not None:
        return _shortened(_storm_title(cluster, cluster.storm))
    alike = alike or Affected(worst.workload, worst.entity)
    text, others = located(worst.name, alike.text), entity_count - alike.entities
    if others > 0:
        least = "at least " if is_capped(cluster) else ""
        comma = "," if alike.entities > 1 else ""
        text += f"{comma} and {least}{plural(others, 'more entity', 'more entities')}"
    return _shortened(text)


def is_capped(cluster: ClusterState) -> bool:
    """Return true if there are so many entities that no more were counted one by one."""
    counted = cluster.beyond if cluster.storm is None else cluster.storm.entities
    return len(counted) >= MAX_COUNTED


def worst_of(members: list[MemberState]) -> MemberState | None:
    """The most severe member; of several, the one with the most alerts."""
    worst = None
    for member in members:
        if worst is None or member.severity > worst.severity:
            worst = member
            continue
        if member.severity == worst.severity and member.count > worst.count:
            worst = member
    return worst


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"


def _storm_title(cluster: ClusterState, tally: Tally) -> str:
    name, count = tally.most()[0]
    mostly = f"mostly {name}" if 2 * count > cluster.count else f"{_counted(tally.names, 'kind', 'kinds')}"
    where = f" in {tally.domain}" if tally.domain else ""
    return (
        f"Storm{where}: {plural(cluster.count, 'alert')} on {_counted(tally.entities, 'entity', 'entities')}, {mostly}"
    )


def _counted(what: Sized, word: str, words: str) -> str:
    """Return the count in words, where at most `MAX_COUNTED` were counted one by one."""
    count = len(what)
    return f"{'at least ' if count >= MAX_COUNTED else ''}{count:,} {word if count == 1 else words}"


def _storm_summary(cluster: ClusterState, tally: Tally) -> list[str]:
    most = ", ".join(f"{name} ({count:,})" for name, count in tally.most())
    span = duration(cluster.last_at - cluster.opened_at)
    shown = f"; {_kept(len(cluster.members))}" if cluster.overflow else ""
    return [
        f"{plural(cluster.count, 'alert')} of {_counted(tally.names, 'kind', 'kinds')} on "
        f"{_counted(tally.entities, 'entity', 'entities')} within {span}; "
        f"{plural(cluster.firing, 'stream')} still firing{shown}.",
        f"Most frequent: {most}.",
    ]


def _kept(count: int) -> str:
    return plural(count, "stream is", "streams are") + " kept one by one"


def distinct(values: list[str]) -> list[str]:
    """The values without repeats, in the order in which they came first."""
    return list(dict.fromkeys(values))


def summary(cluster: ClusterState, members: list[MemberState], entities: list[str], sentences: Sentences) -> list[str]:
    """Return the sentences: what happened, why these alerts are grouped, what is special."""
    if cluster.storm is not None:
        return _storm_summary(cluster, cluster.storm)
    kinds = plural(len({member.name for member in members}), "kind")
    if cluster.overflow:
        kinds = f"at least {kinds}"
    span = duration(cluster.last_at - cluster.opened_at)
    lines = [
        f"{plural(cluster.count, 'alert')} of {kinds} on {plural(len(entities), 'entity', 'entities')} "
        f"within {span}; {plural(cluster.firing, 'stream')} still firing."
    ]
    if cluster.returns is not None:
        lines.append(_returns(cluster.returns))
    strongest = _strongest(members, sentences)
    if strongest is not None:
        member, evidence = strongest
        lines.append(
            f"Strongest tie: {located(member.name, member.entity)} joined because {evidence.text or evidence.name}."
        )
    flapping = [member for member in members if member.notes and any("flapping" in note for note in member.notes)]
    if flapping:
        names = ", ".join(distinct([located(member.name, member.entity) for member in flapping])[:3])
        lines.append(f"{plural(len(flapping), 'alert stream')} flapping, held as firing: {names}.")
    if cluster.overflow:
        lines.append(f"{plural(cluster.overflow, 'further alert')} counted whose streams are not kept one by one.")
    return lines


def _returns(returns: Returns) -> str:
    text = came_back(returns.count, returns.times)
    return f"{text[0].upper()}{text[1:]}; the last time after {duration(returns.pauses[-1])} without an alert."


def _strongest(members: list[MemberState], sentences: Sentences) -> tuple[MemberState, Evidence] | None:
    best, most = None, 0.0
    for member in members:
        if member.join is not None:
            value = member.join.strongest()
            if value > most:
                best, most = member, value
    if best is None:
        return None
    return best, max(evidence_of(best, sentences), key=lambda evidence: evidence.value)


def _ordered(members: list[MemberState]) -> list[MemberState]:
    """By severity, the worst first, then by time. Members come in the order of time but for late ones."""
    if len(members) < 2:
        return members
    levels: dict[int, list[MemberState]] = {}
    for member in members:
        same = levels.get(member.severity)
        if same is None:
            levels[member.severity] = [member]
        else:
            same.append(member)
    found: list[MemberState] = []
    for level in sorted(levels, reverse=True):
        same = levels[level]
        if not _is_ordered(same):
            same.sort(key=_time)
        found += same
    return found


def _is_ordered(members: list[MemberState]) -> bool:
    before = members[0]
    for member in members:
        if member.first_at < before.first_at or (member.first_at == before.first_at and member.number < before.number):
            return False
        before = member
    return True


def _time(member: MemberState) -> tuple[float, int]:
    return member.first_at, member.number


def evidence_of(member: MemberState, sentences: Sentences) -> list[Evidence]:
    """The terms by which a member joined, with their sentences, which are made once."""
    if member.join is None:
        return []
    known = sentences.get(member.number)
    if known is None:
        if len(sentences) >= MAX_SENTENCES:
            sentences.clear()
        known = sentences[member.number] = member.evidence
    return known


def shown(members: list[MemberState], sentences: Sentences, most: int = MAX_SHOWN) -> list[Member]:
    """The members for a record: the first `most` by severity and time."""
    return [
        Member(
            member.fingerprint,
            member.name,
            member.entity,
            LABELS[member.severity],
            "firing" if member.firing > 0 else "resolved",
            member.count,
            member.first_at,
            member.last_at,
            evidence_of(member, sentences),
            list(member.notes),
            member.alert,
            workload=member.workload,
        )
        for member in _ordered(members)[:most]
    ]


def described(shown: list[Member], members: list[MemberState]) -> list[Member]:
    """Return the members of a record, the first of them with text, labels and link."""
    known = {member.fingerprint: member for member in members}
    for one in shown[:MAX_DESCRIBED]:
        member = known[one.fingerprint]
        one.service, one.source, one.message, one.url = member.service, member.source, member.message, member.url
        one.labels, one.annotations = _bounded(member.labels), member.annotations
    return shown


def _bounded(labels: dict[str, str]) -> dict[str, str]:
    """Return labels up to `MAX_LABEL_CHARS`; they are shared and stay as they are."""
    size, kept = 0, dict[str, str]()
    for name, value in labels.items():
        size += len(name) + len(value)
        if size > MAX_LABEL_CHARS:
            return kept
        kept[name] = value
    return labels
