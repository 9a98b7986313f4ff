"""Slack's error codes: what each is about, and what follows. One table for every method that we use.

From the errors that https://docs.slack.dev/reference/methods/chat.postMessage (…/chat.update, …/conversations.history
and so on) lists, and those that every method has. A code that is not here is about us, and passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.platforms.refusals import About, Then


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code. `words` say it to people who may have to do something, `wait` is how many seconds to leave before the
    next try, and `unclear` says that the server may have done what it was asked for."""

    about: About
    then: Then
    words: str = ""
    wait: float | None = None
    unclear: bool = False


INVITE: Final = "Write /invite @Paper Round there."
_LONG_WAIT: Final = 900.0  # seconds, where Slack wants a longer pause and does not say which

#: Slack began, and may or may not have done it.
_UNCLEAR: Final = ("fatal_error", "internal_error", "request_timeout", "service_unavailable")
#: They pass by themselves, in their time.
_LATER: Final = {
    About.WORKSPACE: ("message_limit_exceeded", "rate_limited", "team_added_to_org"),
    About.US: ("accesslimited",),
}
#: They pass by themselves, and soon.
_SOON: Final = {
    About.CHANNEL: ("external_channel_migrating", "fetch_members_failed", "list_record_comment_fetch_failed"),
    About.MESSAGE: ("streaming_state_conflict", "update_failed", "hash_conflict"),
    About.US: ("ratelimited", "too_many_websockets"),
}
#: The message as it is; a plainer one may be taken.
_UNACCEPTABLE: Final = (
    "attachment_payload_limit_exceeded", "block_mismatch", "blocked_file_type", "cannot_parse_attachment",
    "cannot_unfurl_message", "cannot_unfurl_url", "file_deleted", "file_is_deleted", "file_not_found",
    "file_share_limit_reached", "invalid_arguments", "invalid_attachments", "invalid_blocks", "invalid_blocks_format",
    "invalid_metadata_format", "invalid_metadata_schema", "invalid_unfurls", "invalid_unfurls_format",
    "markdown_text_conflict", "max_file_sharing_exceeded", "metadata_too_large", "missing_file_data",
    "msg_blocks_too_long", "msg_too_long", "no_text", "slack_connect_blocked_file_type",
    "slack_connect_canvas_sharing_blocked", "slack_connect_clip_sharing_blocked",
    "slack_connect_file_link_sharing_blocked", "slack_connect_file_upload_sharing_blocked",
    "slack_connect_lists_sharing_blocked", "too_many_attachments", "too_many_contact_cards", "unable_to_share_files",
    "view_too_large",
)  # fmt: skip
#: The message, or the form, that a request is about is gone or closed. Nothing else is the matter.
_OVER: Final = (
    "as_user_not_supported", "cannot_find_message", "cannot_prompt", "cant_broadcast_message", "cant_update_message",
    "draft_already_deleted", "draft_already_sent", "draft_has_conflict", "draft_not_found", "duplicate_external_id",
    "edit_window_closed", "exchanged_trigger_id", "expired_trigger_id", "invalid_source", "invalid_trigger_id",
    "invalid_unfurl_id", "message_not_found", "missing_profile_id", "missing_source", "missing_ts", "missing_unfurl_id",
    "missing_unfurls", "no_dual_broadcast_content_update", "not_enabled", "not_found", "not_implemented",
    "user_not_in_channel",
)  # fmt: skip
_THREAD: Final = {
    "cannot_reply_to_message": "Slack does not allow replies to my message there.",
    "invalid_thread_ts": "The message that heads the thread is gone.",
    "restricted_action_non_threadable_channel": "Replies are not allowed there.",
    "restricted_action_thread_locked": "The thread is locked.",
    "thread_locked": "The thread is locked.",
    "thread_not_found": "The message that heads the thread is gone.",
}
_CHANNEL: Final = {
    "access_denied": f"Slack does not let me into the channel. {INVITE}",
    "cannot_dm_bot": "I cannot write to another app.",
    "cannot_find_channel": f"Slack does not show me the channel. {INVITE}",
    "channel_is_limited_access": "Access to the channel is limited.",
    "channel_not_found": (
        f"Slack does not show me the channel: it was deleted, or is private and I am not in it. {INVITE}"
    ),
    "invalid_user_combination": "Slack does not let me write to that person.",
    "is_archived": "The channel is archived.",
    "is_inactive": "The channel is archived or frozen.",
    "messages_tab_disabled": "The app's messages tab is switched off.",
    "method_not_supported_for_channel_type": "Slack does not let me do that in this kind of conversation.",
    "missing_channel": "Slack does not find the channel.",
    "no_permission": f"I may not post in the channel. {INVITE}",
    "not_enough_users": "Slack does not let me write to that person.",
    "not_in_channel": f"I am not a member of the channel. {INVITE}",
    "posting_to_channel_denied": "The workspace's settings do not let me post there.",
    "restricted_action": "The workspace's settings do not let me post there.",
    "restricted_action_read_only_channel": "Only some people may post there, and I am not one of them.",
    "restricted_action_thread_only_channel": "New messages are not allowed there, only replies.",
    "team_not_found": f"Slack does not find the channel in this workspace. {INVITE}",
    "too_many_members": "The channel has as many members as Slack allows.",
    "too_many_users": "Slack does not let me write to so many people at once.",
    "user_disabled": "That person's account is deactivated.",
    "user_not_found": "That person is not in this workspace.",
    "user_not_visible": "Slack does not show me that person.",
    "users_list_not_supplied": "Slack does not let me write to that person.",
}
_WORKSPACE: Final = {
    "account_inactive": "The app was removed from this workspace, or its bot was deactivated.",
    "cannot_auth_user": "Slack does not accept my token.",
    "cannot_find_service": "The app may not show cards in this workspace. Install it again from its manifest.",
    "ekm_access_denied": "The organisation's key management does not let me post.",
    "enterprise_is_restricted": "The organisation does not allow this app. Its admins must approve it.",
    "forbidden_team": "The workspace does not allow this app. Its admins must approve it.",
    "invalid_auth": "Slack does not accept my token.",
    "metadata_must_be_sent_from_app": (
        "My token is of a kind that cannot mark messages. It should be the bot token of an app, and start with xoxb-."
    ),
    "missing_scope": "The app lacks a permission. Whoever manages it should install it again from its manifest.",
    "not_allowed_token_type": "My token is of a kind that cannot post. It should start with xoxb-.",
    "not_authed": "I have no token for Slack.",
    "org_login_required": "The workspace is being moved to an organisation.",
    "team_access_not_granted": "The app was not given this workspace. An admin of the organisation can add it.",
    "token_expired": "My token for Slack has expired.",
    "token_revoked": "The app was removed from this workspace, or its token was revoked.",
    "two_factor_setup_required": "The workspace wants two-factor authentication to be set up before I may post.",
}
#: Those of a workspace that are about the token, so that `auth.test` meets them as well.
OF_TOKEN: Final = frozenset(
    ("account_inactive", "cannot_auth_user", "invalid_auth", "not_authed", "token_expired", "token_revoked")
)
#: A request that we make wrongly, or that something on the way spoils. It is tried again for a while.
_MALFORMED: Final = (
    "deprecated_endpoint", "duplicate_channel_not_found", "duplicate_message_not_found", "insecure_request",
    "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_cursor", "invalid_form_data", "invalid_limit",
    "invalid_metadata_filter_keys", "invalid_post_type", "invalid_ts_latest", "invalid_ts_oldest", "invalid_types",
    "method_deprecated", "missing_args", "missing_argument", "missing_post_type", "unknown_method",
)  # fmt: skip
#: What only installing the app, or renewing its tokens, can meet: whoever runs the bot looks at its settings.
_OAUTH: Final = (
    "bad_client_secret", "bad_redirect_uri", "cannot_install_an_org_installed_app", "code_already_used", "code_expired",
    "bad_code", "invalid_client_id", "invalid_code", "invalid_code_verifier", "invalid_grant", "invalid_grant_type",
    "invalid_refresh_token", "no_scopes", "oauth_authorization_url_mismatch", "pkce_not_allowed",
    "preview_feature_not_available", "user_email_unverified",
)  # fmt: skip


def _rows() -> Iterator[tuple[str, ErrorCode]]:
    for code in _UNCLEAR:
        yield code, ErrorCode(About.US, Then.LATER, unclear=True)
    for groups, wait in ((_LATER, _LONG_WAIT), (_SOON, None)):
        for about, codes in groups.items():
            for code in codes:
                yield code, ErrorCode(about, Then.LATER, wait=wait)
    for code in _UNACCEPTABLE:
        yield code, ErrorCode(About.MESSAGE, Then.OTHERWISE)
    for code in _OVER:
        yield code, ErrorCode(About.MESSAGE, Then.NEVER)
    for code, words in _THREAD.items():
        yield code, ErrorCode(About.THREAD, Then.OTHERWISE, words)
    for code, words in _CHANNEL.items():
        yield code, ErrorCode(About.CHANNEL, Then.ASK, words)
    for code, words in _WORKSPACE.items():
        yield code, ErrorCode(About.WORKSPACE, Then.ASK, words)
    for code in _MALFORMED:
        yield code, ErrorCode(About.US, Then.NEVER)
    for code in _OAUTH:
        yield code, ErrorCode(About.US, Then.ASK)


ERROR_CODES: Final[Mapping[str, ErrorCode]] = MappingProxyType(dict(_rows()))
