"""All pages of an application."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import Route

from aiops.pages.alerts import AlertsPage
from aiops.pages.api import ApiPage
from aiops.pages.assets import Assets
from aiops.pages.deliveries import DeliveriesPage
from aiops.pages.engine import EnginePage
from aiops.pages.incident import IncidentPage
from aiops.pages.incident_actions import IncidentActionsPage
from aiops.pages.incident_bulk import IncidentBulkPage
from aiops.pages.incident_list import IncidentListPage
from aiops.pages.lessons import LessonsPage
from aiops.pages.missing import missing_page
from aiops.pages.models import ModelsPage
from aiops.pages.playbooks import PlaybooksPage
from aiops.pages.replay import ReplayPage
from aiops.pages.runs import RunsPage
from aiops.pages.settings import SettingsPage
from aiops.pages.shell import Page, Shell
from aiops.pages.sign_in import SignInPage
from aiops.pages.silences import SilencesPage
from aiops.pages.tokens import TokensPage
from aiops.web.operations import Caller, Operation


def page_routes(caller: Caller, operations: Sequence[Operation], clock: Callable[[], float]) -> list[Route]:
    """Return the routes of all pages. `clock` gives Unix seconds."""
    assets = Assets()
    shell = Shell(caller, assets, clock)
    pages: list[Page] = [
        IncidentListPage(shell),
        IncidentActionsPage(shell),
        IncidentBulkPage(shell),
        IncidentPage(shell),
        AlertsPage(shell),
        SilencesPage(shell),
        RunsPage(shell),
        EnginePage(shell),
        ModelsPage(shell),
        LessonsPage(shell),
        PlaybooksPage(shell),
        ReplayPage(shell),
        DeliveriesPage(shell),
        ApiPage(shell, operations),
        TokensPage(shell),
        SettingsPage(shell),
        SignInPage(shell),
    ]
    return [*assets.routes(), *(route for page in pages for route in page.routes()), missing_page(shell)]
