"""Schemes of signatures, as data: the header, the signed text, the digest and its spelling.

Each row is what the vendor's page states. `signed` lists the parts of the signed text: `body`, `time` and `id` stand
for the body as it was sent and for two headers; everything else is literal.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Digest = Literal["sha1", "sha256", "sha512"]
Name = Literal[
    "bitbucket",
    "buildkite",
    "checkly",
    "circleci",
    "flux",
    "gitea",
    "github",
    "grafana",
    "hex",
    "jira",
    "launchdarkly",
    "mailgun",
    "pagerduty",
    "sentry",
    "signalfx",
    "slack",
    "standard",
    "statuscake",
    "svix",
    "terraform",
    "vercel",
]


class Scheme(Struct, frozen=True, kw_only=True):
    """One way to sign."""

    header: str
    signed: tuple[str, ...] = ("body",)
    time_header: str = ""
    id_header: str = ""
    # The header holds pairs `name=value`; the time is one of them, the signature another.
    time_pair: str = ""
    digests: tuple[Digest, ...] = ("sha256",)
    encoding: Literal["hex", "base64"] = "hex"
    # Before each signature of the header. Where it may be missing, a bare one counts as well.
    prefix: str = ""
    is_prefix_needed: bool = True
    # Between several signatures, during a rotation.
    separator: str = ","
    # `whsec`: base 64 after the prefix `whsec_`; `text`: the secret is the key as it is.
    key: Literal["text", "whsec"] = "text"
    # The signature is in the body: these fields sign, in this order, and this one holds the signature.
    fields: tuple[str, ...] = ()
    field: str = ""


SCHEMES: dict[Name, Scheme] = {
    # https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/#Secure-webhooks
    "bitbucket": Scheme(header="x-hub-signature", prefix="sha256="),
    # https://buildkite.com/docs/apis/webhooks#webhook-signature
    "buildkite": Scheme(
        header="x-buildkite-signature", signed=("time", ".", "body"), time_pair="timestamp", prefix="signature="
    ),
    # https://www.checklyhq.com/docs/alerting-and-retries/webhooks: the header x-checkly-timestamp is not signed.
    "checkly": Scheme(header="x-checkly-signature"),
    # https://circleci.com/docs/webhooks/#validate-webhooks
    "circleci": Scheme(header="circleci-signature", prefix="v1="),
    # https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
    "flux": Scheme(header="x-signature", prefix="sha256="),
    # https://docs.gitea.com/usage/webhooks
    "gitea": Scheme(header="x-gitea-signature"),
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    "github": Scheme(header="x-hub-signature-256", prefix="sha256=", is_prefix_needed=False),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    "grafana": Scheme(
        header="x-grafana-alerting-signature",
        signed=("time", ":", "body"),
        time_header="x-grafana-alerting-signature-timestamp",
    ),
    # The common form of many others: name the header.
    "hex": Scheme(header="x-signature"),
    # https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
    "jira": Scheme(header="x-hub-signature", prefix="sha256="),
    # https://launchdarkly.com/docs/home/infrastructure/webhooks
    "launchdarkly": Scheme(header="x-ld-signature"),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
    "mailgun": Scheme(header="", fields=("timestamp", "token"), field="signature"),
    # https://developer.pagerduty.com/docs/verifying-webhook-signatures
    "pagerduty": Scheme(header="x-pagerduty-signature", prefix="v1="),
    # https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
    "sentry": Scheme(header="sentry-hook-signature"),
    # https://dev.splunk.com/observability/docs/: HMAC-SHA-256; its older client library documents SHA-1.
    "signalfx": Scheme(header="x-sfx-signature", encoding="base64", digests=("sha256", "sha1")),
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    "slack": Scheme(
        header="x-slack-signature",
        signed=("v0:", "time", ":", "body"),
        time_header="x-slack-request-timestamp",
        prefix="v0=",
    ),
    # https://www.standardwebhooks.com
    "standard": Scheme(
        header="webhook-signature",
        signed=("id", ".", "time", ".", "body"),
        time_header="webhook-timestamp",
        id_header="webhook-id",
        encoding="base64",
        prefix="v1,",
        separator=" ",
        key="whsec",
    ),
    # https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/: no signature, a password in the body.
    "statuscake": Scheme(header="", field="Token"),
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    "svix": Scheme(
        header="svix-signature",
        signed=("id", ".", "time", ".", "body"),
        time_header="svix-timestamp",
        id_header="svix-id",
        encoding="base64",
        prefix="v1,",
        separator=" ",
        key="whsec",
    ),
    # https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations
    "terraform": Scheme(header="x-tfe-notification-signature", digests=("sha512",)),
    # https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks
    "vercel": Scheme(header="x-vercel-signature", digests=("sha1",)),
}
