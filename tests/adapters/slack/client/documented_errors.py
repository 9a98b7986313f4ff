"""The error codes that Slack's reference lists for the methods that we use (https://docs.slack.dev/reference/methods)."""

# ruff: noqa: SIM905 - as in the reference, and easily compared with it
from __future__ import annotations

from typing import Final

#: Those of every method.
COMMON: Final = """
access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted
fatal_error internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset
invalid_form_data invalid_post_type method_deprecated missing_post_type missing_scope no_permission
not_allowed_token_type not_authed org_login_required ratelimited request_timeout service_unavailable
team_access_not_granted team_added_to_org token_expired token_revoked two_factor_setup_required
""".split()

#: Those of one method each.
OF_METHODS: Final = {
    "chat.postMessage": """
        as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message channel_not_found
        draft_already_deleted draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found
        duplicate_message_not_found invalid_blocks invalid_blocks_format invalid_metadata_format
        invalid_metadata_schema is_archived markdown_text_conflict message_limit_exceeded messages_tab_disabled
        metadata_must_be_sent_from_app metadata_too_large missing_file_data msg_blocks_too_long no_text
        not_in_channel rate_limited restricted_action restricted_action_non_threadable_channel
        restricted_action_read_only_channel restricted_action_thread_locked restricted_action_thread_only_channel
        slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked
        slack_connect_lists_sharing_blocked team_not_found too_many_attachments too_many_contact_cards
    """.split(),
    "chat.update": """
        as_user_not_supported block_mismatch blocked_file_type cant_broadcast_message cant_update_message
        channel_not_found edit_window_closed external_channel_migrating file_deleted file_is_deleted
        file_not_found file_share_limit_reached invalid_attachments invalid_blocks invalid_blocks_format
        invalid_metadata_format invalid_metadata_schema is_inactive markdown_text_conflict
        max_file_sharing_exceeded message_limit_exceeded message_not_found metadata_must_be_sent_from_app
        metadata_too_large msg_too_long no_dual_broadcast_content_update no_text posting_to_channel_denied
        slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked
        slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked streaming_state_conflict
        team_not_found too_many_attachments unable_to_share_files update_failed
    """.split(),
    "chat.postEphemeral": """
        cannot_reply_to_message channel_not_found invalid_attachments invalid_blocks invalid_blocks_format
        is_archived markdown_text_conflict message_limit_exceeded messages_tab_disabled msg_too_long no_text
        not_in_channel restricted_action too_many_attachments user_not_in_channel
    """.split(),
    "chat.unfurl": """
        cannot_auth_user cannot_find_channel cannot_find_message cannot_find_service cannot_parse_attachment
        cannot_prompt cannot_unfurl_message cannot_unfurl_url invalid_metadata_format invalid_source
        invalid_unfurl_id invalid_unfurls_format missing_channel missing_source missing_ts missing_unfurl_id
        missing_unfurls
    """.split(),
    "conversations.history": """
        channel_is_limited_access channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest
        invalid_ts_oldest not_in_channel
    """.split(),
    "conversations.replies": """
        channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest
        list_record_comment_fetch_failed method_not_supported_for_channel_type thread_not_found
    """.split(),
    "conversations.join": """
        channel_is_limited_access channel_not_found is_archived method_not_supported_for_channel_type
        too_many_members
    """.split(),
    "conversations.info": """
        channel_is_limited_access channel_not_found
    """.split(),
    "conversations.open": """
        channel_not_found invalid_user_combination method_not_supported_for_channel_type not_enough_users
        too_many_users user_disabled user_not_found user_not_visible users_list_not_supplied
    """.split(),
    "conversations.members": """
        channel_not_found fetch_members_failed invalid_cursor invalid_limit method_not_supported_for_channel_type
    """.split(),
    "users.info": """
        too_many_users user_not_found user_not_visible
    """.split(),
    "users.conversations": """
        invalid_cursor invalid_limit invalid_types method_not_supported_for_channel_type missing_argument
    """.split(),
    "views.open": """
        duplicate_external_id exchanged_trigger_id expired_trigger_id invalid_trigger_id view_too_large
    """.split(),
    "views.update": """
        duplicate_external_id hash_conflict not_found view_too_large
    """.split(),
    "views.publish": """
        duplicate_external_id hash_conflict missing_profile_id not_enabled not_implemented view_too_large
    """.split(),
    "apps.connections.open": """
        forbidden_team insecure_request missing_args
    """.split(),
    "oauth.v2.access": """
        bad_client_secret bad_redirect_uri cannot_install_an_org_installed_app invalid_client_id invalid_code
        invalid_code_verifier invalid_grant_type invalid_refresh_token no_scopes oauth_authorization_url_mismatch
        pkce_not_allowed preview_feature_not_available user_email_unverified
    """.split(),
}
