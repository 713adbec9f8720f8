"""The audit trail of runs on the command line: its check, and a new one in the place of a damaged one."""

from __future__ import annotations

import time

from rich.console import Console
from rich.text import Text

from aiops.cli.command_options import ActorOption, ConfigOption, NoteOption, SetOption, StateOption
from aiops.cli.incidents import user
from aiops.cli.notes import required_note
from aiops.cli.runs import anchored
from aiops.cli.terminal import clean, console_for, moment
from aiops.respond.audit import Verdict
from aiops.respond.trail_renewal import renew
from aiops.wording import plural


def show_verdict(console: Console, verdict: Verdict) -> None:
    """Print the result of a check, with every place where lines are missing and who accepted it."""
    entries = plural(verdict.entries, "entry", "entries")
    if verdict.problem is not None:
        _line(
            console, f"{'broken' if not verdict.is_chained else 'cut'}, {entries} can be read: {verdict.problem}", "red"
        )
    elif verdict.breaks:
        _line(console, f"continues after lines were lost: {entries}, last hash {verdict.head}", "yellow")
    else:
        _line(console, f"intact: {entries}, last hash {verdict.head}")
    for one in verdict.breaks:
        who = f"accepted by {one.accepted_by}: {one.reason or 'no reason given'}" if one.accepted_by else "not accepted"
        _line(console, f"line {one.line}, {moment(one.at)}: {one.problem}; {who}", "yellow")
    if verdict.torn_bytes:
        bytes_text = plural(verdict.torn_bytes, "byte")
        _line(
            console, f"a half-written line at the end ({bytes_text}) counts for nothing; the next start sets it aside"
        )
    if verdict.problem is None and not verdict.is_anchored:
        _line(console, "lines missing at its end cannot be noticed without the store: leave FILE out to compare them")
    if verdict.problem is not None:
        way = (
            "`aiops playbooks accept-trail --note WHY`"
            if verdict.is_chained
            else "`aiops playbooks new-trail --note WHY`"
        )
        _line(console, f"nothing runs on it; find the cause, then {way}")


def new_trail_command(
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Begin a new audit trail in the place of a damaged one, which is kept beside it.

    The new one begins with your name and your reason (--note). What the old one held counts as unknown, and the global
    kill switch is engaged.
    """
    trail, mark = anchored(config, sets, state)
    reason = required_note(note, "beginning a new audit trail")
    done = renew(trail, mark, actor=actor or user(), reason=reason, now=time.time())
    console = console_for()
    _line(console, f"{done.trail} begins anew; the damaged trail is {done.old}")
    for run in done.under_way:
        _line(console, f"had not ended: {run}: look at what it did", "yellow")
    _line(console, "restart the daemon, then release the kill switch with `aiops remediation resume --note WHY`")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean(text, 4_000), style=style), soft_wrap=True)
