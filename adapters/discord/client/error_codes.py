"""What Discord's refusals are about, and what follows: one table of its JSON error codes and HTTP statuses.

https://docs.discord.com/developers/topics/opcodes-and-status-codes. A page of HTML, an empty body, code 0 and a code
that is not in the table are about us, and pass: what stands between us and Discord, or a Discord in trouble, says such
things of channels that are well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
import discord

from adapters.discord.client.errors import BadResponseError, ClientClosedError, code_of, described
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, SendResult, Unknown
from bot.platforms.refusals import About, Then


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is a sentence for people, `after` how many seconds to wait where Discord does not say."""

    about: About
    then: Then
    reason: str
    after: float | None = None
    known: bool = True


UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_TAG = 10003, 10004, 10007, 10008, 10087
MISSING_ACCESS, MISSING_PERMISSIONS, INVALID_FORM = 50001, 50013, 50035
BANNED_FROM_GUILD = 40007
ALREADY_CROSSPOSTED = 40033
FORUM_CHANNEL, NOT_A_TEXT_CHANNEL, WRONG_CHANNEL_TYPE = 40058, 50008, 50024
HARMFUL_LINK = 240000
NO_TAGS, TAG_REQUIRED = 40066, 40067
THREAD_ARCHIVED, THREAD_LOCKED = 50083, 160005
THREAD_EXISTS, TOO_MANY_THREADS, TOO_MANY_ANNOUNCEMENT_THREADS = 160004, 160006, 160007
NO_REPLY_WITHOUT_HISTORY = 160002
NAME_NOT_ALLOWED, TITLE_BLOCKED = 20031, 200001
#: No thread can be opened below that message, or not by us: replies stand beside it.
NO_THREADS_HERE = frozenset(
    {
        UNKNOWN_MESSAGE,
        MISSING_PERMISSIONS,
        50003,  # a direct message
        50021,  # a system message
        WRONG_CHANNEL_TYPE,
        50068,
        TOO_MANY_THREADS,
        TOO_MANY_ANNOUNCEMENT_THREADS,
    }
)
#: The name of a thread or of a forum's post is not allowed.
NAME_REFUSED = frozenset({NAME_NOT_ALLOWED, TITLE_BLOCKED})
#: What a look at a guild says of a bot that is not in it (any more).
NOT_IN_GUILD = frozenset({UNKNOWN_GUILD, UNKNOWN_MEMBER, BANNED_FROM_GUILD, MISSING_ACCESS, 50055})

BANNED_WAIT = 600.0  # seconds
QUOTA_WAIT = 60.0
FEATURE_WAIT = 300.0
TOKEN_WAIT = 900.0

#: Another permission heals what begins with this.
LACKS = "I lack "
PERMISSIONS_PLACE = "in the channel's settings, “Permissions”"
_LACKING = (
    f"{LACKS}a permission there. Give me “View Channel”, “Send Messages” (in threads “Send Messages in Threads”) and "
    f"“Embed Links” {PERMISSIONS_PLACE}."
)
TAG_MISSING = (
    "The forum wants a tag for every post, and it has none that I may use. Add one in the forum's settings, “Tags”, or "
    "give me “Manage Channels” there: then I add those of the topics."
)
LOCKED_THREAD = "The thread is locked. Unlock it, or move its topics to another channel."
SLOW_DOWN = "Discord asks me to slow down."
REFUSED_TOKEN = "Discord refuses my token."  # noqa: S105 - a sentence
UNREACHABLE = "Discord cannot be reached."
IN_TROUBLE = "Discord has trouble."
BLOCKED = "Discord takes no requests from my address for now."
_NO_MESSAGES = "Nobody can post messages in a channel of that kind. Move its topics to a text channel or a forum."
NOT_HERE = "I am no longer in this server."
_NO_PERSON = "That person takes no direct messages from me."
_FORM = "Discord does not take a message of that form."
_EXPIRED = "That was too long ago, or answered already."
_VERIFY = "This server wants more of my account than it has. Whoever runs me has to look at it."
_UNEXPLAINED = "Discord refuses it without a reason that I know."


def _table(
    about: About, then: Then, reason: str, codes: Iterable[int], after: float | None = None
) -> dict[int, Refusal]:
    return dict.fromkeys(codes, Refusal(about, then, reason, after))


#: What is said where nothing in the table says more.
UNEXPLAINED = Refusal(About.US, Then.LATER, _UNEXPLAINED, known=False)
#: Pages, empty bodies and code 0.
NO_CODE = Refusal(About.US, Then.LATER, IN_TROUBLE)

#: By Discord's JSON error code: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes.
REFUSALS: dict[int, Refusal] = {
    0: NO_CODE,
    # The channel, or the thread that the request was made to.
    **_table(About.CHANNEL, Then.ASK, "The channel was deleted.", (UNKNOWN_CHANNEL,)),
    **_table(About.CHANNEL, Then.ASK, _LACKING, (MISSING_ACCESS, MISSING_PERMISSIONS, 50009)),
    **_table(About.CHANNEL, Then.ASK, _NO_MESSAGES, (50003, NOT_A_TEXT_CHANNEL, WRONG_CHANNEL_TYPE)),
    **_table(About.CHANNEL, Then.ASK, TAG_MISSING, (NO_TAGS, TAG_REQUIRED)),
    **_table(About.CHANNEL, Then.OTHERWISE, "The channel is a forum now.", (FORUM_CHANNEL,)),
    **_table(About.CHANNEL, Then.OTHERWISE, "The forum's tags are others now.", (10014, UNKNOWN_TAG, 30048, 40061)),
    **_table(
        About.THREAD,
        Then.OTHERWISE,
        "The thread is archived, and I may not open it again. Write something in it.",
        (THREAD_ARCHIVED,),
    ),
    **_table(About.THREAD, Then.ASK, LOCKED_THREAD, (THREAD_LOCKED,)),
    **_table(About.THREAD, Then.OTHERWISE, "The message has a thread already.", (THREAD_EXISTS,)),
    **_table(
        About.THREAD,
        Then.LATER,
        "There are too many open threads. Discord closes those in which nobody writes.",
        (TOO_MANY_THREADS, TOO_MANY_ANNOUNCEMENT_THREADS),
        TOKEN_WAIT,
    ),
    **_table(About.THREAD, Then.OTHERWISE, "A name is not allowed there.", (NAME_NOT_ALLOWED, TITLE_BLOCKED)),
    # The guild.
    **_table(About.WORKSPACE, Then.ASK, NOT_HERE, (UNKNOWN_GUILD, UNKNOWN_MEMBER, BANNED_FROM_GUILD, 50055)),
    **_table(About.WORKSPACE, Then.ASK, _VERIFY, (50017, 60003, 50095, 50101, 20035)),
    # The message.
    **_table(About.MESSAGE, Then.NEVER, "The message was deleted.", (UNKNOWN_MESSAGE,)),
    **_table(About.MESSAGE, Then.NEVER, "The server's AutoMod takes no message with these words.", (200000, 20009)),
    **_table(About.MESSAGE, Then.OTHERWISE, "Discord takes no message with one of these links.", (HARMFUL_LINK,)),
    **_table(
        About.MESSAGE,
        Then.OTHERWISE,
        _FORM,
        (INVALID_FORM, 50006, 50028, 50080, 50081, 50109, 50151, 10011, 40005, NO_REPLY_WITHOUT_HISTORY),
    ),
    **_table(
        About.MESSAGE,
        Then.OTHERWISE,
        "Discord does not take that file.",
        (30015, 50045, 50046, 50110, 50123, 50124, 50138, 50146, 50192, 400001),
    ),
    **_table(About.MESSAGE, Then.LATER, SLOW_DOWN, (20022, 30046), QUOTA_WAIT),
    **_table(About.MESSAGE, Then.NEVER, "That message cannot be changed.", (50005, 50021, 50068)),
    **_table(About.MESSAGE, Then.NEVER, "It was published already.", (ALREADY_CROSSPOSTED,)),
    # A person.
    **_table(About.PERSON, Then.NEVER, _NO_PERSON, (10013, 30004, 50007, 50033, 50278, 340015)),
    # An interaction.
    **_table(About.INTERACTION, Then.NEVER, _EXPIRED, (10015, 10062, 40043, 40060, 40094, 50027)),
    # Us: it passes.
    **_table(About.US, Then.LATER, SLOW_DOWN, (20016, 20028, 20029, 40062, 40003), QUOTA_WAIT),
    **_table(About.US, Then.LATER, "Discord switched that off for a while.", (40004, 40006), FEATURE_WAIT),
    **_table(About.US, Then.LATER, IN_TROUBLE, (110000, 110001, 130000), QUOTA_WAIT),
    **_table(About.US, Then.LATER, BLOCKED, (40333,), BANNED_WAIT),
    **_table(About.US, Then.LATER, "Discord takes no more commands from me today.", (30034, 10063), TOKEN_WAIT),
    # Us: whoever runs the bot has to act. Nothing is lost meanwhile.
    **_table(About.US, Then.ASK, REFUSED_TOKEN, (10012, 40001, 40012, 50014, 50025, 50026), TOKEN_WAIT),
    **_table(
        About.US,
        Then.ASK,
        "Discord wants something of my account. Whoever runs me has to look at it.",
        (10002, 20001, 20012, 40002, 50010, 50041, 50067, 50178, 30032, 40041),
        TOKEN_WAIT,
    ),
}

#: Documented codes of routes that the bot does not use: accounts, invitations, voice, stickers, webhooks of others,
#: polls, moderation, shops. Should one come all the same, nobody can say what it means for a post: it is `UNEXPLAINED`.
OTHER_ROUTES = frozenset(
    {10001, 10005, 10006, 10009, 10010, 10016, 10020, 10021, 10026, 10027, 10028, 10029, 10030, 10031, 10032, 10033}
    | {10036, 10038, 10049, 10050, 10057, 10059, 10060, 10061, 10065, 10066, 10067, 10068, 10069, 10070, 10071, 10097}
    | {10124, 10129, 20002, 20015, 20018, 20024, 30001, 30002, 30003, 30005, 30007, 30008, 30010, 30011, 30013, 30016}
    | {30018, 30019, 30030, 30031, 30033, 30035, 30037, 30038, 30039, 30040, 30042, 30045, 30047, 30052, 30056, 30058}
    | {30060, 30061, 40009, 40018, 40019, 40032, 40074, 50002, 50004, 50011, 50012, 50015, 50016, 50019, 50020, 50034}
    | {50036, 50039, 50054, 50057, 50070, 50073, 50074, 50084, 50085, 50086, 50091, 50097, 50131, 50132, 50144, 50145}
    | {50159, 50160, 50161, 50162, 50163, 50167, 50173, 50600, 80004, 90001, 90002, 150006, 160014, 170001, 170002}
    | {170003, 170004, 170005, 170006, 170007, 180000, 180002, 220001, 220002, 220003, 220004, 350000, 350001, 500000}
    | {520000, 520001, 520002, 520003, 520004, 520006, 530000, 530001, 530002, 530003, 530004, 530006, 530007}
)

#: By HTTP status, where the body brings no code: https://docs.discord.com/developers/topics/opcodes-and-status-codes#http.
STATUSES: dict[int, Refusal] = {
    304: NO_CODE,
    400: NO_CODE,
    401: Refusal(About.US, Then.ASK, REFUSED_TOKEN, TOKEN_WAIT),
    403: NO_CODE,
    404: NO_CODE,
    405: NO_CODE,
    413: Refusal(About.MESSAGE, Then.OTHERWISE, _FORM),
    429: Refusal(About.US, Then.LATER, SLOW_DOWN, QUOTA_WAIT),
    502: NO_CODE,
}


def refusal_of(error: discord.HTTPException) -> Refusal:
    """The class of a refusal."""
    if error.status == 429:
        # Without `Via` it comes from Cloudflare: Discord never saw the request.
        return STATUSES[429] if "Via" in error.response.headers else Refusal(About.US, Then.LATER, BLOCKED, BANNED_WAIT)
    if error.status == 401:
        return STATUSES[401]
    if error.status >= 500:
        return NO_CODE
    if code := code_of(error):
        return REFUSALS.get(code, UNEXPLAINED)
    return STATUSES.get(error.status, NO_CODE)


def outcome_of(error: BaseException, *, sent: bool, thread: bool = False) -> SendResult:
    """What an exception out of `REQUEST_ERRORS` means for a post.

    `sent` says that it came from the request that posts, `thread` that this went to the thread below a digest, which
    may be gone while its channel is well.
    """
    detail = detail_of(error)
    match error:
        case discord.RateLimited():
            return Retry(SLOW_DOWN, error.retry_after, detail=detail)
        case discord.LoginFailure():
            return Retry(REFUSED_TOKEN, TOKEN_WAIT, detail=detail)
        case discord.HTTPException():
            return _outcome(refusal_of(error), detail, thread=thread)
        case aiohttp.ClientConnectorError() | ClientClosedError():
            return Retry(UNREACHABLE, detail=detail)
        case BadResponseError() | aiohttp.ClientError() | OSError() if not sent:
            return Retry(UNREACHABLE, detail=detail)
        case BadResponseError() | aiohttp.ClientError() | OSError():
            return Unknown(
                "Discord gave no answer that can be read.", late=isinstance(error, TimeoutError), detail=detail
            )
        case _:
            return Unknown("Discord gave no answer that can be read.", detail=detail)


def _outcome(refusal: Refusal, detail: str, *, thread: bool) -> SendResult:
    match refusal:
        case Refusal(about=About.US) | Refusal(then=Then.LATER):
            return Retry(refusal.reason, refusal.after, known=refusal.known, detail=detail)
        case Refusal(about=About.WORKSPACE):
            return Gone(refusal.reason, GoneScope.WORKSPACE, detail=detail)
        case Refusal(about=About.CHANNEL, then=Then.OTHERWISE):
            return Retry(refusal.reason, QUOTA_WAIT, known=False, detail=detail)
        case Refusal(about=About.PERSON):  # their direct messages are a channel
            return Gone(refusal.reason, detail=detail)
        case Refusal(about=About.CHANNEL | About.THREAD):
            return Gone(refusal.reason, GoneScope.THREAD if thread else GoneScope.CHANNEL, detail=detail)
        case _:
            return Rejected(refusal.reason, detail=detail)


def detail_of(error: BaseException) -> str:
    """What Discord said, for logs: never a whole page."""
    if not isinstance(error, discord.HTTPException):
        return described(error)[:200]
    text = error.text.strip()
    said = "a page of HTML" if text.startswith("<") else " ".join(text.split())[:200] or "nothing"
    return f"{error.status} {code_of(error)}: {said}"
