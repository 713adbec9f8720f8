"""The interface of the web application to the daemon; `aiops.daemon.daemon.Daemon` implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiops.engine.events import Feedback
from aiops.engine.firing import FiringAlert
from aiops.engine.member_explanation import MemberExplanation
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.silences import Silence
from aiops.ports import Answer, Reply
from aiops.records import Action, Incident
from aiops.respond.filled import Filled
from aiops.respond.format import Playbook
from aiops.respond.history import Decided, Mode, Refusal, Run, SwitchMove
from aiops.respond.promotion import Promotion
from aiops.respond.run_record import RunRecord
from aiops.respond.runs import Plan
from aiops.respond.step_approvals import Continuation
from aiops.store.outbox import Row
from aiops.store.store import Store
from aiops.views.lessons import LessonsList
from aiops.views.replay import Archive, Compared, Job
from aiops.views.service_graph import ServiceGraph


class StepApprovals(Protocol):
    """Runs that wait in the middle, as the web uses them; `aiops.daemon.step_approvals.StepRuns`."""

    def continuation(self, run: str) -> Continuation:
        """Return what a waiting run would do next."""
        ...

    def listed(self) -> Sequence[Continuation]:
        """Return what all waiting runs would do next."""
        ...

    def approve(self, run: str, approval: str, actor: str) -> tuple[Continuation, bool]:
        """Approve what a waiting run would do next; return it, and True if the run continues."""
        ...

    def reject(self, run: str, actor: str, reason: str) -> Run:
        """End a waiting run; what it did is rolled back."""
        ...


class Respond(Protocol):
    """Guarded runs of playbooks, as the web uses them; `aiops.daemon.runs.Runs`.

    All methods may raise `UsageError` for what is refused, and `AiopsError` for what cannot be done now.
    """

    @property
    def steps(self) -> StepApprovals:
        """The runs that wait for an approval in the middle."""
        ...

    def executable(self, incident: Incident) -> str | None:
        """Return the first suggested playbook if it has executable steps."""
        ...

    def plan(self, incident: str, playbook: str) -> Plan:
        """Make a dry run, guard by guard."""
        ...

    def approve(self, incident: str, playbook: str, plan: str, actor: str) -> tuple[Plan, bool]:
        """Approve the plan of that id; return it, and True if its run was started."""
        ...

    def reject(self, incident: str, playbook: str, actor: str, reason: str) -> None:
        """Record that a person rejected a playbook for an incident; approvals given so far for it end."""
        ...

    def switch(
        self,
        scope: str,
        engaged: bool,
        actor: str,
        reason: str = "",
        *,
        vouched: bool = False,
        seen: float | None = None,
    ) -> None:
        """Engage or release a kill switch."""
        ...

    def roll_back(self, run: str, actor: str, reason: str = "", *, close: bool = False, vouched: bool = False) -> Run:
        """Roll back a run whose rollback waits for a person, or `close` it with nothing sent."""
        ...

    def of(self, incident: str) -> Sequence[Run]:
        """Return the runs for an incident, last started first."""
        ...

    def switches(self) -> Mapping[str, bool]:
        """Return the kill switches by scope, true if engaged."""
        ...

    def listed(self, limit: int = 100) -> Sequence[Run]:
        """Return runs, last started first."""
        ...

    def moves(self) -> Mapping[str, SwitchMove]:
        """Return the last move of each kill switch that was ever moved."""
        ...

    def promotions(self) -> Sequence[Promotion]:
        """Return where each playbook with steps that can run stands."""
        ...

    def promotion(self, playbook: str) -> Promotion:
        """Return where a playbook stands."""
        ...

    def set_level(self, playbook: str, mode: Mode, actor: str, reason: str = "", *, vouched: bool = False) -> Promotion:
        """Promote or demote a playbook."""
        ...

    def decisions(self) -> Sequence[Decided]:
        """Return the last decisions on runs without a person, newest first."""
        ...

    def shadows(self, limit: int = 100) -> Sequence[Run]:
        """Return what would have run, newest first."""
        ...

    def refusals(self) -> Sequence[Refusal]:
        """Return the last approvals after which nothing ran, newest first."""
        ...

    def record(self, run: str) -> RunRecord | None:
        """Return a run with its requests and answers; None for an unknown one."""
        ...


class Uploading(Protocol):
    """An archive that is being written; `aiops.daemon.replay_uploads.Upload`."""

    def write(self, chunk: bytes) -> None:
        """Write a chunk; raise `UsageError` beyond the bound, or if the disk refuses it."""
        ...

    def abort(self) -> None:
        """Remove what was written."""
        ...


class Uploads(Protocol):
    """Uploaded archives; `aiops.daemon.replay_uploads.Uploads`."""

    def begin(self) -> Any:
        """Begin an archive: an `Uploading` that `finish` takes."""
        ...

    def finish(self, upload: Any, name: str) -> Archive:
        """Keep an archive; raise `UsageError` for an empty one."""
        ...

    def listed(self) -> Sequence[Archive]:
        """Return the archives that are kept, newest first."""
        ...

    @property
    def max_bytes(self) -> int:
        """Return the bound of an archive."""
        ...


class Replays(Protocol):
    """Replays that people start; `aiops.daemon.replay_jobs.ReplayJobs`.

    `KeyError` stands for an unknown job.
    """

    def submit(
        self,
        actor: str,
        changes: Mapping[str, str],
        *,
        archive: str | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> Job:
        """Start a replay; raise `UsageError` for what does not fit, and while another one runs."""
        ...

    def listed(self) -> Sequence[Job]:
        """Return the jobs, newest first."""
        ...

    def get(self, name: str) -> tuple[Job, Compared | None]:
        """Return a job and its result, once it is done."""
        ...

    def keys(self) -> Mapping[str, str]:
        """Return the keys that can be changed, with their present values."""
        ...

    def cancel(self, name: str) -> bool:
        """End a job; return False if it had ended."""
        ...

    def remove(self, name: str) -> None:
        """Remove a job with its result."""
        ...

    @property
    def uploads(self) -> Uploads:
        """Return the uploaded archives."""
        ...


class Delivery(Protocol):
    """The notification dispatcher, as the web uses it; `aiops.notify.dispatcher.Dispatcher`."""

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the state of each endpoint by name.

        `{"ok": bool, "detail": str, "breaker": str, "disabled": bool, "in_flight": int, …}`.
        """
        ...

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Enable a disabled endpoint; return False if it was not disabled. May raise `AiopsError`."""
        ...

    def test(self, endpoint: str, actor: str) -> Answer:
        """Send a test message now; raise `UsageError` for an unknown endpoint."""
        ...

    def shown(self, row: Row) -> str | None:
        """Return what a message was or will be sent as; None if that is not known."""
        ...

    def read_back(self, endpoint: str, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """Return what people did at a receiver, by its report; None if the endpoint takes none.

        Raise `NotGenuine` or `RecordError` for a report that is not accepted.
        """
        ...


class Routed(Protocol):
    """The way of an alert to its endpoints, and what holds its notifications back.

    `inhibited_by` are fingerprints of alert streams, `muted_by` are time intervals, if all its routes are closed.
    """

    @property
    def receivers(self) -> Sequence[str]: ...
    @property
    def inhibited_by(self) -> Sequence[str]: ...
    @property
    def muted_by(self) -> Sequence[str]: ...


class Routing(Protocol):
    """The routes and endpoints in use; `aiops.notify.routing_view.RoutingView`."""

    def receivers(self) -> Sequence[str]:
        """Return the names of all endpoints."""
        ...

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> Sequence[Routed]:
        """Return where each of the alerts leads at a time; all that fires must be among them for inhibition."""
        ...

    def yaml(self) -> str:
        """Return the routes, inhibition and time intervals in use, as a configuration of Alertmanager."""
        ...


class Host(Protocol):
    """The daemon, as the web uses it. All methods may be called from any thread."""

    @property
    def store(self) -> Store:
        """Return the store: incidents, outbox, audit and dead letters to read; the outbox to retry and drop."""
        ...

    @property
    def runs(self) -> Respond | None:
        """Return the guarded runs; None if they are disabled, or if their audit trail cannot be trusted."""
        ...

    @property
    def services(self) -> ServiceGraph:
        """Return the services of the configured topology, and who depends on whom; empty without one."""
        ...

    @property
    def delivery(self) -> Delivery | None:
        """Return the dispatcher; None if there is none."""
        ...

    @property
    def replays(self) -> Replays | None:
        """Return the replays that people start; None if there are none."""
        ...

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Pass an operator's action to the engine through the journal.

        Return None if it was not answered in time.
        """
        ...

    def act_all(self, actions: Sequence[Action], timeout_s: float = 5.0) -> Mapping[str, Feedback]:
        """Pass several actions to the engine in one frame of the journal; each has an id.

        Return the answers that came in time, by id.
        """
        ...

    def silences(self) -> Sequence[Silence]:
        """Return active and scheduled silences."""
        ...

    def all_silences(self) -> tuple[Sequence[Silence], Sequence[Silence]]:
        """Return active and scheduled silences, and those that ended of late.

        Raise `AiopsError` if the engine is too slow, as `firing` does.
        """
        ...

    def firing(self) -> Sequence[FiringAlert]:
        """Return all alerts that fire now."""
        ...

    @property
    def routing(self) -> Routing:
        """Return where alerts lead."""
        ...

    @property
    def playbooks(self) -> Mapping[str, Playbook]:
        """Return the playbooks in use by name, also where runs are disabled."""
        ...

    def playbook_text(self, name: str) -> str | None:
        """Return the document of a playbook in use as it was written; None for another name.

        Raise `AiopsError` if its file cannot be read any more.
        """
        ...

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        """Return a playbook filled in for an incident; None for a name that is not in use.

        It reads the engine's view of the incident, or the record alone if the engine does not hold it or is too slow.
        """
        ...

    def calibration(self) -> Mapping[str, Any] | None:
        """Return how far ranked causes were right on this site; None without a ranker that measures it.

        `outcomes` are confirmed causes, `needed` is their number before probabilities are stated, `hits` those that
        were ranked first of the last `kept`; `error` and `coverage` are None before any. Raise `AiopsError` if the
        engine is too slow.
        """
        ...

    @property
    def started_at(self) -> float:
        """Return when the daemon started, in Unix seconds."""
        ...

    def reload_file(self) -> None:
        """Read the configuration again, as SIGHUP does; raise `AiopsError` if it does not fit."""
        ...

    def preview(self, silence: Silence) -> Preview:
        """Return the alerts that a silence would match now; raise `AiopsError` if the engine is too slow."""
        ...

    def explain(self, incident: str, alert: str) -> MemberExplanation | None:
        """Return why a stream is in its incident, None if the engine does not hold it.

        Raise `AiopsError` if the engine is too slow.
        """
        ...

    def lessons(self) -> LessonsList:
        """Return what people taught the grouping; raise `AiopsError` if the engine is too slow."""
        ...

    def health(self) -> Mapping[str, Any]:
        """Return `{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
        ...

    def figures(self) -> Mapping[str, Any]:
        """Return the figures of the engine's page; `aiops.views.engine_report.Figures` has them."""
        ...

    def metrics_text(self) -> str:
        """Return the metrics in the text format of Prometheus."""
        ...
