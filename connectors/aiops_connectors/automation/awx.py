"""AWX and Ansible Automation Platform: launch a job template.

Source: "Launch a Job Template" of the API reference (docs.ansible.com/automation-controller).
AWX drops `extra_vars` that the template does not prompt for and still answers 201, so the step reads the launch
endpoint first and starts nothing whose variables would be ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.step_kinds.exchange import Observed, Prepared, Reply, Request, Source, StepRefused, Taken, at
from aiops.step_kinds.forms import Line, Scalar
from aiops.step_kinds.placeholders import fill, path
from aiops.step_kinds.systems import System
from aiops_connectors.automation.job import JobForm, JobKind, Parameters, of, polled, sent_to

# No pattern of hosts: no wildcard, no list, no exclusion.
_ONE_HOST = Expression(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


class AwxOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of an AWX."""

    api: Annotated[
        str,
        Meta(
            pattern=r"^(/[a-z0-9]+){1,4}$(?!\n)",
            description="Path of the API; `/api/controller/v2` behind the gateway of Automation Platform 2.5.",
        ),
    ] = "/api/v2"


class Awx(JobForm, kw_only=True, tag="awx"):
    """Launch a job template of AWX."""

    template: Annotated[
        int | Annotated[str, Meta(pattern=r"^[^{}/?#%\s][^{}/?#%\n]{0,199}$(?!\n)")],
        Meta(description="Id of the job template, or its named URL: `NAME++ORGANIZATION`. It takes no placeholder."),
    ]
    extra_vars: Annotated[
        Parameters, Meta(description="Variables; the template must prompt for variables or have a survey.")
    ] = field(default_factory=dict)
    limit: Annotated[
        Line | None,
        Meta(description="The one host of the inventory to act on; the template must prompt for it."),
    ] = None


class AwxKind(JobKind[Awx]):
    """Launch a job template of AWX."""

    kind = "awx"
    form = Awx
    system = "awx"
    Options: ClassVar[type[Struct]] = AwxOptions
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {
            "kind": "awx",
            "name": "rotate the logs",
            "template": 42,
            "extraVars": {"path": "/var/log"},
            "limit": "{{ host }}",
        },
        {
            "kind": "awx",
            "name": "rotate the logs",
            "template": "rotate-logs++Default",
            "extraVars": {"host": "{{ host }}"},
        },
    )
    observes = True
    succeeded = frozenset({"successful"})
    ended = frozenset({"failed", "error", "canceled"})

    def prepare(self, step: Awx, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return the launch, preceded by a read of what the template takes."""
        system = of(system, step)
        assert isinstance(system.options, AwxOptions)
        api = system.url.rstrip("/") + system.options.api
        launch = path(api, "job_templates", step.template, "launch") + "/"
        body: dict[str, Any] = {}
        if step.extra_vars:
            body["extra_vars"] = fill(step.extra_vars, values)
        if step.limit is not None:
            body["limit"] = _host(fill(step.limit, values))
        poll = Request("GET", path(api, "jobs") + "/{job}/", **sent_to(system, [200]))
        return Prepared(
            "POST",
            launch,
            body=body,
            **sent_to(system, [201]),
            reads=[Request("GET", launch, **sent_to(system, [200]))],
            poll=polled(poll, step),
            taken={"job": Taken("change", "the id of the job", "[0-9]{1,18}")},
            facts={"variables": bool(step.extra_vars), "limit": step.limit is not None},
        )

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the id of the job; refuse a template that would ignore what is given, or requires more."""
        answer = replies[0].json()
        if source == "change":
            return {"job": at(answer, "job")}
        if at(answer, "passwords_needed_to_start") or at(answer, "credential_needed_to_start"):
            raise StepRefused("template-needs-input: the job template requires a password or a credential")
        prompts = at(answer, "ask_variables_on_launch") is True or at(answer, "survey_enabled") is True
        if prepared.facts.get("variables") and not prompts:
            raise StepRefused("variables-ignored: the job template neither prompts for variables nor has a survey")
        if prepared.facts.get("limit") and at(answer, "ask_limit_on_launch") is not True:
            raise StepRefused("limit-ignored: the job template does not prompt for a limit, and would act on all hosts")
        return {}

    def observed(self, prepared: Prepared, replies: Sequence[Reply]) -> Observed:
        """Return the template that is launched, and where: its inventory or branch may be another one by then."""
        answer = replies[0].json()
        number, name = at(answer, "job_template_data", "id"), at(answer, "job_template_data", "name")
        pins = {
            "template": number,
            "name": name,
            "inventory": at(answer, "defaults", "inventory", "id"),
            "limit": at(answer, "defaults", "limit"),
            "branch": at(answer, "defaults", "scm_branch"),
        }
        known: dict[str, Scalar] = {key: one for key, one in pins.items() if isinstance(one, str | int) and one != ""}
        if not known:
            return Observed()
        where = at(answer, "defaults", "inventory", "name")
        summary = f"launches job template {name or number}" + (
            f" on inventory {where}" if isinstance(where, str) else ""
        )
        return Observed(summary, f"job template {number}", known)


def _host(value: Any) -> str:
    if not isinstance(value, str) or not _ONE_HOST.matches(value) or value.lower() in ("all", "ungrouped", "localhost"):
        raise UsageError(f"limit: expected the name of one host; got {str(value)[:80]!r}")
    return value
