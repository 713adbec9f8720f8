"""`aiops incidents lessons` and `forget`: lessons of people on grouping, listed and forgotten."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from aiops.cli.command_options import ActorOption, ConfigOption, JsonOption, NoteOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for, moment
from aiops.daemon.control import act, send_request
from aiops.errors import AiopsError
from aiops.records import Action
from aiops.views.lessons import LessonsList


def lessons_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """List what people taught the grouping by merging, splitting and judging incidents."""
    answer = send_request(state_directory(config, sets, state), {"ask": "lessons"})["lessons"]
    found = msgspec.convert(answer, LessonsList)
    if as_json:
        print_json(found)
        return
    show_lessons(console_for(), found)


def forget_command(
    lesson: Annotated[str | None, typer.Argument(help="Id of the lesson (see `lessons`), or all.")] = None,
    by: Annotated[str | None, typer.Option(help="Forget all lessons by this person instead.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Forget what a correction taught the grouping; incidents stay as they are."""
    args = {name: value for name, value in (("lesson", lesson), ("by", by)) if value}
    action = Action(ts=0.0, verb="forget_lessons", actor=actor or user(), args=args, message=note)
    feedback = act(state_directory(config, sets, state), action)
    if not feedback["applied"]:
        raise AiopsError(f"forget: {feedback['reason']}")
    console_for().print(feedback["reason"], soft_wrap=True)


def show_lessons(console: Console, found: LessonsList) -> None:
    """Print the lessons, the newest first, with the ids by which they are forgotten."""
    if not found.applies:
        console.print("correlate.lessons is false: lessons change no decision")
    if not found.lessons:
        console.print("nobody has corrected the grouping yet")
    for one in found.lessons:
        line = Text(f"{moment(one.at)}  {clean(one.id)}  ", style="dim")
        line.append(clean(one.sentence, 1_000), style="not dim")
        line.append(f"  ({clean(one.incident)})")
        console.print(line, soft_wrap=True)
