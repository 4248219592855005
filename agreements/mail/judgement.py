"""What a mail server's answer means: one table for SMTP answers and for bounce reports. Pure: text in, judgement out.

The first row that applies decides. When in doubt an address stays good: an editor sees the email that failed, while an
address that is wrongly undeliverable gets nothing more.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

MAX_DETAIL = 500
"""Characters kept of a server's answer. Some servers send a whole page."""


class Judgement(StrEnum):
    """What an email that did not arrive says. The values are stored."""

    ADDRESS = "address"
    """The address is undeliverable: a hard bounce."""
    EMAIL = "email"
    """This email or its sender was rejected: spam, policy, reputation, size, content. The address stays good."""
    SOFT = "soft"
    """Not now, such as a full mailbox: a soft bounce."""
    NOT_ARRIVING = "not-arriving"
    """Soft bounces that have gone on for too long."""
    UNREADABLE = "unreadable"
    """It was returned, and nobody knows why."""


class Stage(StrEnum):
    """The moment of an SMTP session in which a server answers."""

    RECIPIENT = "RCPT"
    DATA = "DATA"
    BODY = "dot"
    """After the email's last line."""


class Rule(NamedTuple):
    """One row: it applies if everything that it names is found."""

    judgement: Judgement
    source: str
    code: str = ""
    """Pattern of the whole enhanced status code (RFC 3463)."""
    words: str = ""
    """Pattern within the text, which is in lower case and without addresses."""
    reply: str = ""
    """Pattern of the whole reply code of SMTP."""
    stage: Stage | None = None


FULL = (
    r"(mailbox|inbox|account|storage|user).{0,30}\bfull\b|over ?quota|quota.{0,20}exceed|exceed.{0,60}(quota|storage)|"
    r"mailbox size limit|insufficient (disk|system|mail) ?(space|storage)|out of storage|mailbox for user is full|"
    r"not enough (disk )?(space|storage)|exceeded storage"
)
US = (
    r"spam|\bspf\b|\bdkim\b|\bdmarc\b|black ?list|block ?list|\bdn?s?[rb]bl\b|spamhaus|reputation|"
    r"virus|malware|phish|polic(y|ies)|rate.?limit|too (many|quickly|fast)|at a rate|throttl|grey ?list|gray ?list|"
    r"sending ip|banned|complain|\bhelo\b|\behlo\b|prohibit|frequency|mail from must|"
    r"reverse (dns|hostname)|\bptr\b|"
    r"(message|mail|e-?mail|size).{0,30}(too (large|big)|exceed.{0,20}(size|limit|maximum))|message size|size limit|"
    r"(sender|return path|mail from|envelope from).{0,30}(reject|den(y|ied)|refus|verif|invalid|blocked|not exist|"
    r"unknown|not found)|unsolicited|bulk mail|content.{0,20}(reject|den(y|ied)|not (accept|allow))|"
    r"(message|mail|e-?mail) (was |is |has been )?(rejected|blocked|refused) (by|as|due|because)|suspicious|"
    r"authentication (required|failed|checks)|unauthenticated|not authenticated|relay(ing)? (access )?(is )?(denied|"
    r"not|prohibited)|unable to relay|"
    r"\b(ip|host|client|connection|envelope|your (domain|server|network))\b.{0,20}(blocked|rejected|banned)"
)
OUR_LIMIT = r"(daily|hourly|sending|outgoing).{0,20}(quota|limit)"
NOW = (
    r"try again|temporar|tempfail|timed? ?out|connection (refused|reset|closed|lost|dropped)|deferred|"
    r"delivery time expired|message expired|retry time(out)? (not reached|exceeded)|too long|server (is )?busy"
)
GONE = (
    r"unknown (user|recipient|address|mailbox|local.?part|account|or illegal|host|domain)|"
    r"(user|recipient|address|mailbox|local.?part|account|host|domain)\b.{0,25}\b(unknown|not found|not exist|"
    r"not known|invalid|not valid|no longer|unavailable|not available|disabled|inactive|deactivated|suspended|closed|"
    r"deleted|terminated|expired|blocked|locked|not active|has moved|moved to)|"
    r"no such (user|recipient|address|mailbox|person|account|domain|host|local|email|e-mail|alias)|"
    r"no (mailbox|user|account|recipient|address)\b.{0,20}\b(here|by that|with that|found|exists)|"
    r"(does not|doesn.?t|do not|don.?t|did not|not) exist|not (a )?(valid|known|our) (user|recipient|mailbox|customer|"
    r"address|account|e-?mail)|isn.?t (a )?valid|invalid (user|recipient|mailbox|address|account)|"
    r"bad (destination|recipient|address|mailbox)|doesn.?t have an? .{0,30}account|not listed in|"
    r"no longer (valid|active|in use|available|with|work|employ|accept|exist|on)|unroutable|unrouteable|"
    r"host or domain name not found|name or service not known|nxdomain|null ?mx|no smtp service|"
    r"(does not|doesn.?t) accept (e-?)?mail|couldn.?t find (any|a) (host|mail)|non-?existent|"
    r"recipientnotfound|could not be (found|resolved)|nosuchuser|unknown-user|not permitted to receive|"
    r"not in (my|our) (user|recipient|rcpt)|not handle (mail|e-?mail) for|suppression list|"
    r"benutzer unbekannt|unbekannter (benutzer|empf)|existiert nicht|(utilisateur|destinataire) inconnu|n.existe pas|"
    r"(usuario|destinatario) desconocido|no existe|не существует|не найден|不存在"
)

RULES = (
    Rule(Judgement.ADDRESS, "RFC 3463, X.1; the text confirms it", code=r"5\.1\.(1|2|3|6|10)", words=GONE),
    Rule(Judgement.EMAIL, "Google and Microsoft, SMTP errors: limits for senders", words=OUR_LIMIT),
    Rule(Judgement.SOFT, "RFC 3463, X.2.2; Google, SMTP errors: over quota", words=FULL),
    Rule(Judgement.SOFT, "RFC 3463, X.2.2 mailbox full", code=r"5\.2\.2"),
    Rule(Judgement.EMAIL, "RFC 3463, X.1.7 and X.1.8: the sender’s address", code=r"5\.1\.[78]"),
    Rule(Judgement.EMAIL, "Microsoft, NDR codes 5.1.20 (two senders) and 5.1.90 (daily limit)", code=r"5\.1\.(20|90)"),
    Rule(Judgement.EMAIL, "Google, Microsoft, Yahoo and mail.ru, SMTP errors; RFC 7208, 6376, 7489", words=US),
    Rule(Judgement.ADDRESS, "RFC 7293, 5.7.17 and 5.7.18: another owner", code=r"5\.7\.1[78]"),
    Rule(Judgement.EMAIL, "RFC 3463, X.7 security or policy; RFC 5248; RFC 7372", code=r"[45]\.7\.\d+"),
    Rule(Judgement.EMAIL, "RFC 3463, X.6 content; RFC 6531, 5.6.7", code=r"5\.6\.\d+"),
    Rule(Judgement.EMAIL, "RFC 3463, X.2.3 and X.3.4 message too big; X.3.3 features", code=r"5\.(2\.3|3\.[34])"),
    Rule(Judgement.SOFT, "RFC 3463: class 4, persistent transient failure", code=r"4\.[1-7]\.[1-9]\d*"),
    Rule(Judgement.SOFT, "RFC 5321, 4.2.1: reply 4yz", reply=r"4\d\d"),
    Rule(Judgement.ADDRESS, "RFC 7505, 5.1.10 null MX; Microsoft, 5.1.10 recipient not found", code=r"5\.1\.10"),
    Rule(Judgement.ADDRESS, "RFC 3463, X.1: the recipient’s address", code=r"5\.1\.\d+"),
    Rule(Judgement.ADDRESS, "RFC 3463, X.2.1 mailbox disabled", code=r"5\.2\.1"),
    Rule(Judgement.ADDRESS, "RFC 3463, X.4.1 no answer and X.4.4 no route; Microsoft, 5.4.1", code=r"5\.4\.[14]"),
    Rule(Judgement.ADDRESS, "Microsoft, NDR code 5.4.310: no such domain", code=r"5\.4\.310"),
    Rule(
        Judgement.SOFT, "RFC 3463, X.2.4, X.3 and X.4: list, system, network", code=r"5\.(2\.4|3\.[1-9]\d*|4\.[1-9]\d*)"
    ),
    Rule(Judgement.EMAIL, "RFC 3463, X.5.1 to X.5.6: protocol", code=r"5\.5\.[1-9]\d*"),
    Rule(Judgement.SOFT, "Postfix, Exim and Exchange: texts of what may pass", words=NOW),
    Rule(Judgement.ADDRESS, "Postfix, Exim, qmail, Exchange, Notes, Yahoo: texts of what is gone", words=GONE),
    Rule(Judgement.EMAIL, "RFC 3463, X.5.0: another protocol error", code=r"5\.5\.0"),
    Rule(Judgement.ADDRESS, "RFC 5321, 4.2.3: mailbox", reply=r"550|551|553", stage=Stage.RECIPIENT),
    Rule(Judgement.EMAIL, "RFC 5321, 4.2.1: the body was rejected", reply=r"5\d\d", stage=Stage.BODY),
    Rule(Judgement.SOFT, "RFC 3463, X.0 to X.4: unspecific, and the text says no more", code=r"[45]\.\d+\.\d+"),
)
"""The sources name standards and the documentation that providers publish of their answers."""

ENHANCED_CODE = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\.?\d)")
UNSPECIFIC_CODE = re.compile(r"[45]\.(0\.\d+|[1-5]\.0)")
REPLY_CODE = re.compile(r"(?<![\d.\-#])([45]\d\d)(?=[ \-]|$)")
ADDRESS_OR_URL = re.compile(r"https?://\S+|<?[^\s<>@:;,]{1,256}@[^\s<>@:;,]{1,256}>?", re.IGNORECASE)
STAGES = (
    (
        re.compile(r"(after|to) end of (data|message)|end of data command|after (the )?final dot", re.IGNORECASE),
        Stage.BODY,
    ),
    (re.compile(r"(reply to|after|>>>) ?rcpt to", re.IGNORECASE), Stage.RECIPIENT),
)
"""How Postfix, Exim and Sendmail say what the server answered to."""
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff\s]+")


def clean_text(text: str, limit: int = MAX_DETAIL) -> str:
    """Return what a stranger has written as one line that every database and page takes, cut to `limit` characters."""
    return UNPRINTABLE.sub(" ", text[: 4 * limit]).strip()[:limit]


def judge(text: str, status: str = "", stage: Stage | None = None) -> Judgement:
    """Judge a server's answer, or a report's diagnosis with its field `status`. Never raises."""
    rule = find_rule(clean_text(text, 2000), status[:20], stage)
    return rule.judgement if rule else Judgement.SOFT


@lru_cache(maxsize=512)
def find_rule(text: str, status: str, stage: Stage | None) -> Rule | None:
    """Return the first row of `RULES` that applies; None if none does."""
    code, words = find_code(text, status), ADDRESS_OR_URL.sub(" ", text).lower()
    # A reply code says less than any code of three numbers, but more than the one that every report must have.
    reply = None if ENHANCED_CODE.search(text) else REPLY_CODE.search(text)
    stage = stage or next((named for pattern, named in STAGES if pattern.search(text)), None)
    for rule in RULES:
        if (
            (not rule.code or re.fullmatch(rule.code, code))
            and (not rule.words or re.search(rule.words, words))
            and (not rule.reply or (reply and re.fullmatch(rule.reply, reply[1])))
            and (rule.stage is None or rule.stage == stage)
        ):
            return rule
    return None


def find_code(text: str, status: str) -> str:
    """Return the enhanced code that says most: the remote server's own before the reporter's; empty without any."""
    codes = [code for code in ENHANCED_CODE.findall(f"{text} {status}") if code[0] != "2"]
    specific = (code for code in codes if not UNSPECIFIC_CODE.fullmatch(code))
    return next(specific, codes[0] if codes else "")
