"""Bounce reports in the shapes of many mail systems, with what each means. All texts are invented for this project."""

from base64 import b64encode
from quopri import encodestring

from agreements.mail.bounces import ReturnPaths
from agreements.mail.judgement import Judgement

ID = "00000000-0000-4000-8000-00000000000a"
OURS = f"<{ID}@proceedings.example>"
PATHS = ReturnPaths("bounces@proceedings.example", "proceedings.example", per_message=True)
VERP = f"bounces+{ID}@proceedings.example"
ADDRESS, EMAIL, SOFT, UNREADABLE = Judgement.ADDRESS, Judgement.EMAIL, Judgement.SOFT, Judgement.UNREADABLE
COPY = f"From: desk@proceedings.example\nTo: mike@example.org\nSubject: Please sign\nMessage-ID: {OURS}\n\nDear Mike,\n"


def mail(body: str, *, to: str = "desk@proceedings.example", path: str = "<>", **headers: str) -> bytes:
    """Returns an email with the null sender, from a mail server unless `headers` say otherwise."""
    named = {"From": "Mail Delivery System <MAILER-DAEMON@mx.example.org>", "Subject": "Undelivered email"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"Return-Path: {path}", *(f"{name}: {value}" for name, value in named.items()), f"To: {to}"]
    return ("\n".join(lines) + "\n\n" + body).encode()


def part(kind: str, text: str, encoding: str = "") -> str:
    """Returns one part, encoded in `base64` or `quoted-printable` if named."""
    if encoding == "base64":
        text = b64encode(text.encode()).decode()
    elif encoding:
        text = encodestring(text.encode()).decode()
    named = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"--cut\nContent-Type: {kind}\n{named}\n{text}\n"


def recipient(status: str, diagnosis: str = "", action: str = "failed", address: str = "mike@example.org") -> str:
    told = f"Diagnostic-Code: smtp; {diagnosis}\n" if diagnosis else ""
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n{told}"


def dsn(
    *recipients: str,
    words: str = "Some of your recipients got nothing.",
    envelope: str = "multipart/report; report-type=delivery-status",
    kind: str = "message/delivery-status",
    copy: str = part("message/rfc822", COPY),
    encoding: str = "",
    to: str = "desk@proceedings.example",
) -> bytes:
    """Returns a report by RFC 3464."""
    status = "Reporting-MTA: dns; mx.example.org\n\n" + "\n".join(recipients)
    body = part("text/plain", words, encoding) + part(kind, status, encoding) + copy + "--cut--\n"
    return mail(body, to=to, MIME_Version="1.0", Content_Type=f'{envelope}; boundary="cut"')


def one(status: str, diagnosis: str = "") -> bytes:
    return dsn(recipient(status, diagnosis))


def exim(reason: str, **headers: str) -> bytes:
    words = (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not reach "
        f"one or more recipients.\n\n  mike@example.org\n    {reason}\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{COPY}"
    )
    return mail(words, **{"X_Failed_Recipients": "mike@example.org", "Auto_Submitted": "auto-replied"} | headers)


def qmail(reason: str) -> bytes:
    return mail(
        "Hi. This is the qmail-send program at mx.example.org.\nThe addresses below did not take it.\n\n"
        f"<mike@example.org>:\n{reason}\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <x>\n{COPY}",
        Subject="failure notice",
    )


def postfix_text(reason: str) -> bytes:
    return mail(f"This is the mail system at host mx.example.org.\n\n<mike@example.org>: {reason}\n\n{COPY}")


def exchange(words: str, to: str = VERP) -> bytes:
    return mail(f"Delivery has failed to these recipients or groups:\n\nmike@example.org\n{words}\n", to=to)


def html(words: str) -> bytes:
    body = f"<html><body><p>Your message to mike@example.org couldn&#39;t be delivered.</p><b>{words}</b></body></html>"
    return mail(body, to=VERP, Content_Type="text/html; charset=utf-8")


def forwarded(inner: bytes) -> bytes:
    """Returns a report that a person sends on as an attachment."""
    parts = (part("text/plain", "This came to me."), part("message/rfc822", inner.decode()))
    body = "".join(one.replace("--cut", "--outer", 1) for one in parts) + "--outer--\n"
    content = 'multipart/mixed; boundary="outer"'
    sender = "ed@desk.example"
    return mail(body, path=f"<{sender}>", From=sender, Subject="Fwd: it failed", Content_Type=content)


def unknown_shape(words: str, **headers: str) -> bytes:
    """Returns an email of a system that nobody knows, to the return path of one email of ours."""
    return mail(words, to=VERP, **{"From": "robot@mx.example.org", "Subject": "Notice 77"} | headers)


NO_USER = "550 5.1.1 <mike@example.org>: no such user"

REPORTS: dict[str, tuple[bytes, Judgement | None]] = {
    # Codes
    "5.1.1 no such user": (one("5.1.1", NO_USER), ADDRESS),
    "5.1.2 bad domain": (one("5.1.2", "553 5.1.2 what domain"), ADDRESS),
    "5.1.3 bad syntax": (one("5.1.3"), ADDRESS),
    "5.1.6 moved": (one("5.1.6", "551 5.1.6 gone away"), ADDRESS),
    "5.1.10 null MX": (one("5.1.10", "556 5.1.10 domain takes no email"), ADDRESS),
    "5.4.4 no route": (one("5.4.4"), ADDRESS),
    "5.4.1 no host": (one("5.4.1"), ADDRESS),
    "5.4.1 not in the directory": (one("5.4.1", "550 5.4.1 Recipient address rejected: access denied"), ADDRESS),
    "5.4.310 no domain": (one("5.4.310", "550 5.4.310 DNS domain missing"), ADDRESS),
    "5.2.1 disabled": (one("5.2.1", "550 5.2.1 this account is off"), ADDRESS),
    "5.7.17 another owner": (one("5.7.17", "550 5.7.17 new owner"), ADDRESS),
    "5.7.1 policy": (one("5.7.1", "554 5.7.1 not for us"), EMAIL),
    "5.7.26 DMARC": (one("5.7.26", "550 5.7.26 no passing checks"), EMAIL),
    "5.7.27 our null MX": (one("5.7.27", "550 5.7.27 sender has a null MX"), EMAIL),
    "5.7.606 banned": (one("5.7.606", "550 5.7.606 go away [192.0.2.1]"), EMAIL),
    "5.1.7 sender": (one("5.1.7", "553 5.1.7 your address looks odd"), EMAIL),
    "5.1.8 sender's domain": (one("5.1.8", "501 5.1.8 your domain is odd"), EMAIL),
    "5.1.90 daily limit": (one("5.1.90", "550 5.1.90 that was enough"), EMAIL),
    "5.3.4 too big": (one("5.3.4", "552 5.3.4 no"), EMAIL),
    "5.2.3 too long": (one("5.2.3", "552 5.2.3 no"), EMAIL),
    "5.6.0 content": (one("5.6.0", "554 5.6.0 cannot read it"), EMAIL),
    "5.5.2 protocol": (one("5.5.2", "500 5.5.2 what?"), EMAIL),
    "5.2.2 full": (one("5.2.2", "552 5.2.2 mailbox full"), SOFT),
    "5.3.1 system full": (one("5.3.1", "550 5.3.1 no room in here"), SOFT),
    "5.4.6 loop": (one("5.4.6", "554 5.4.6 round and round"), SOFT),
    "4.4.7 expired": (one("4.4.7", "451 4.4.7 I gave up"), SOFT),
    "4.4.1 expired without an answer": (one("4.4.1"), SOFT),
    "4.7.1 greylisted for days": (one("4.7.1", "451 4.7.1 greylisted"), EMAIL),
    "4.0.0 and no such domain": (one("4.0.0", "DNS Error: lookup responded with code NXDOMAIN"), ADDRESS),
    "5.4.5 our limit": (one("5.4.5", "550 5.4.5 daily sending quota exceeded"), EMAIL),
    # 5.0.0, by its text
    "5.0.0 alone": (one("5.0.0"), SOFT),
    "5.0.0 user unknown": (one("5.0.0", "550 user unknown"), ADDRESS),
    "5.0.0 mailbox unavailable": (one("5.0.0", "550 Requested action not taken: mailbox unavailable"), ADDRESS),
    "5.0.0 does not exist": (one("5.0.0", "550 that address does not exist"), ADDRESS),
    "5.0.0 disabled": (one("5.0.0", "554 this mailbox is disabled"), ADDRESS),
    "5.0.0 spam": (one("5.0.0", "554 we think this is spam"), EMAIL),
    "5.0.0 blocklist": (one("5.0.0", "554 client host blocked using a DNSBL"), EMAIL),
    "5.0.0 quota": (one("5.0.0", "550 mike is over quota"), SOFT),
    "5.0.0 and a better code": (one("5.0.0", "550 5.7.1 no"), EMAIL),
    "5.1.1 and spam": (one("5.1.1", "550 5.1.1 rejected as spam"), EMAIL),
    "the address says spam": (one("5.1.1", "550 5.1.1 <spam@example.org>: no such user"), ADDRESS),
    "5.2.1 too quickly": (one("5.2.1", "550 5.2.1 this user gets email too quickly"), EMAIL),
    "5.5.0 mailbox unavailable": (one("5.5.0", "550 5.5.0 mailbox unavailable"), ADDRESS),
    "Postfix: bare 550 to RCPT": (one("5.0.0", "550 no (in reply to RCPT TO command)"), ADDRESS),
    "Postfix: bare 550 to the body": (one("5.0.0", "550 no (in reply to end of DATA command)"), EMAIL),
    "no diagnosis, words say it": (
        dsn(recipient("5.0.0"), words="This is the mail system at host mx.\n<mike@example.org>: unknown user"),
        ADDRESS,
    ),
    "5.0.0 greeting": (one("5.0.0", "550 invalid HELO name"), EMAIL),
    "5.1.0 sender": (one("5.1.0", "550 5.1.0 sender address rejected: domain unknown"), EMAIL),
    "5.1.0 alone": (one("5.1.0", "550 #5.1.0 address rejected"), ADDRESS),
    "5.0.0 frequency": (one("5.0.0", "550 connection frequency limited"), EMAIL),
    "5.0.0 sender unknown": (one("5.0.0", "553 mail from must be somebody else"), EMAIL),
    "5.0.0 our domain blocked": (one("5.0.0", "554 your domain is blocked here"), EMAIL),
    "5.3.0 list of a provider": (one("5.3.0", "550 this address is on our suppression list"), ADDRESS),
    "5.0.0 in Chinese": (one("5.0.0", "550 用户不存在"), ADDRESS),
    # Envelopes of RFC 3464
    "multipart/mixed": (dsn(recipient("5.1.1", NO_USER), envelope="multipart/mixed"), ADDRESS),
    "no report-type": (dsn(recipient("5.1.1", NO_USER), envelope="multipart/report"), ADDRESS),
    "capitals": (
        dsn(
            recipient("5.1.1", NO_USER),
            envelope="Multipart/Report; Report-Type=Delivery-Status",
            kind="Message/Delivery-Status",
        ),
        ADDRESS,
    ),
    "international": (
        dsn(
            recipient("5.1.1", NO_USER),
            kind="message/global-delivery-status",
            copy=part("message/global-headers", COPY),
        ),
        ADDRESS,
    ),
    "base64": (
        dsn(recipient("5.1.1", NO_USER), encoding="base64", copy=part("message/rfc822", COPY, "base64")),
        ADDRESS,
    ),
    "quoted-printable": (dsn(recipient("5.7.1", "554 5.7.1 n=C3=A3o é bom"), encoding="quoted-printable"), EMAIL),
    "fields in plain text": (dsn(recipient("5.1.1", NO_USER), kind="text/plain"), ADDRESS),
    "headers only": (dsn(recipient("5.1.1", NO_USER), copy=part("text/rfc822-headers", COPY)), ADDRESS),
    "no copy, but a return path": (dsn(recipient("5.1.1", NO_USER), copy="", to=VERP), ADDRESS),
    "no copy and no return path": (dsn(recipient("5.1.1", NO_USER), copy=""), None),
    "cut after the action": (dsn(recipient("5.1.1"), to=VERP).partition(b"Status:")[0], SOFT),
    "cut after the status": (dsn(recipient("5.1.1", NO_USER), to=VERP).partition(b"Diagnostic")[0], ADDRESS),
    "delayed": (dsn(recipient("4.4.1", "no answer yet", action="delayed")), None),
    "delivered": (dsn(recipient("2.0.0", "250 OK", action="delivered")), None),
    "relayed": (dsn(recipient("2.0.0", action="relayed")), None),
    "two recipients, both unknown": (dsn(recipient("5.1.1", NO_USER), recipient("5.1.1", NO_USER)), ADDRESS),
    "two recipients, one full": (dsn(recipient("5.1.1", NO_USER), recipient("5.2.2", "552 full")), SOFT),
    "two recipients, one reached": (dsn(recipient("5.1.1", NO_USER), recipient("2.0.0", action="delivered")), None),
    "action in other words": (dsn(recipient("5.1.1", NO_USER, action="Failed (permanent)")), ADDRESS),
    # Systems
    "Exim, no route": (exim("Unrouteable address"), ADDRESS),
    "Exim, answer to RCPT": (
        exim("SMTP error from remote mail server after RCPT TO:<mike@example.org>:\n    host mx.example.org: 550 no"),
        ADDRESS,
    ),
    "Exim, spam after the body": (exim("SMTP error from remote mail server after end of data:\n    550 spam"), EMAIL),
    "Exim, retries exceeded": (exim("retry timeout exceeded"), SOFT),
    "Exim, null MX": (exim("an MX or SRV record indicated no SMTP service"), ADDRESS),
    "Exim, warning": (
        exim(
            "delay reason: no answer\n\nNo action is required on your part.",
            Subject="Warning: message delayed 24 hours",
        ),
        None,
    ),
    "qmail, no mailbox": (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), ADDRESS),
    "qmail, no host": (qmail("Sorry, I couldn't find any host named example.invalid. (#5.1.2)"), ADDRESS),
    "qmail, full": (qmail("The user's mailbox is full, come back. (#5.2.2)"), SOFT),
    "qmail, rejected": (
        qmail("192.0.2.9 failed after I sent the message.\nRemote host said: 554 looks like spam"),
        EMAIL,
    ),
    "Postfix as plain text": (postfix_text("host mx.example.org said: 550 5.1.1 user unknown"), ADDRESS),
    "Postfix, domain not found": (postfix_text("Host or domain name not found. Name service error"), ADDRESS),
    "Postfix, asks again": (postfix_text("Host or domain name not found, try again"), SOFT),
    "Sendmail": (
        mail(
            "   ----- The following addresses had permanent fatal errors -----\n<mike@example.org>\n"
            f"    (reason: 550 5.1.1 user unknown)\n\n   ----- Original message -----\n{COPY}"
        ),
        ADDRESS,
    ),
    "OpenSMTPD": (
        mail(
            "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n"
            "    mike@example.org: 550 5.1.1 no such user\n\n    Below is a copy of the original message:\n\n" + COPY
        ),
        ADDRESS,
    ),
    "Exchange, text": (
        exchange("The address you entered couldn't be found (could not be found). #550 5.1.10"),
        ADDRESS,
    ),
    "Exchange, size": (exchange("This message is too large. 550 5.2.3"), EMAIL),
    "Exchange, group": (exchange("550 5.7.133 only members may write"), EMAIL),
    "Exchange, old": (
        mail(
            "Your message did not reach some or all of the intended recipients.\n\n"
            "mike@example.org on 1/11/2026\n  The account does not exist here. <mx.example.org #5.1.1>",
            to=VERP,
        ),
        ADDRESS,
    ),
    "Exchange, HTML only": (html("550 5.1.1 no such recipient"), ADDRESS),
    "WorkMail": (
        mail(
            "Technical report:\n\nAn error occurred while trying to deliver the mail to these recipients:\n"
            "mike@example.org\n550 5.1.1 mailbox does not exist",
            to=VERP,
        ),
        ADDRESS,
    ),
    "WorkMail with fields": (
        dsn(recipient("5.3.0", "550 mailbox unavailable"), words="An error occurred while trying to deliver the mail"),
        ADDRESS,
    ),
    "mail.ru": (exim("host mx.example.ru: 550 user not found"), ADDRESS),
    "mail.ru, spam": (exim("host mx.example.ru: 550 spam message rejected"), EMAIL),
    "mail.ru in Russian": (
        mail(
            "Это письмо создано автоматически.\n\nmike@example.org\n550 user not found\n",
            to=VERP,
            Content_Type="text/plain; charset=utf-8",
        ),
        ADDRESS,
    ),
    "Google": (
        mail(
            "Address not found\n\nYour message wasn't delivered to mike@example.org because the address could not "
            "be found.\n\n550 5.1.1 the account does not exist",
            to=VERP,
            X_Failed_Recipients="mike@example.org",
        ),
        ADDRESS,
    ),
    "Google, still trying": (
        mail(
            "Delivery incomplete\n\nThere was a problem delivering your message to mike@example.org. "
            "It will be retried.",
            to=VERP,
            X_Failed_Recipients="mike@example.org",
        ),
        None,
    ),
    "Yahoo": (
        mail(
            "Sorry, we were unable to deliver your message.\n\n554: delivery error: This user doesn't have a "
            "yahoo.example account",
            to=VERP,
        ),
        ADDRESS,
    ),
    "Notes": (
        mail(
            "Your message\n\n  Please sign\n\nwas not delivered to:\n\n  mike@example.org\n\nbecause:\n\n"
            "  User mike not listed in the directory",
            to=VERP,
        ),
        ADDRESS,
    ),
    # Forwarded
    "forwarded as an attachment": (forwarded(one("5.1.1", NO_USER)), ADDRESS),
    "Exim forwarded": (forwarded(exim("550 5.7.1 policy")), EMAIL),
    "forwarded twice": (forwarded(forwarded(one("5.2.2", "552 full")).replace(b"outer", b"inner")), SOFT),
    "forwarded in the text": (
        mail(
            "See below.\n\n---------- Forwarded message ---------\nThis is the mail system at host "
            f"mx.\n\n<mike@example.org>: 550 5.1.1 no such user\n\n{COPY}",
            path="<ed@desk.example>",
            From="ed@desk.example",
            Subject="Fwd: failure",
        ),
        ADDRESS,
    ),
    # Nobody understands it
    "strange, with a code": (unknown_shape("robot says 550 5.1.1 to that"), ADDRESS),
    "strange": (unknown_shape("The pigeon has returned."), UNREADABLE),
    "strange and empty": (unknown_shape(""), UNREADABLE),
    "a report in a strange tongue": (
        unknown_shape("Nie da rady.", Subject="Undelivered Mail Returned to Sender"),
        UNREADABLE,
    ),
    "bytes that are no text": (unknown_shape("") + b"\x00\xff\xfe\x81", UNREADABLE),
    # Answers
    "absence": (unknown_shape("I am away.", Subject="Out of office", Auto_Submitted="auto-replied"), None),
    "absence of one who is known": (unknown_shape("My mailbox is full.", X_Autoreply="yes", Subject="Re: sign"), None),
    "a reader's receipt": (
        unknown_shape("Read.", Content_Type="multipart/report; report-type=disposition-notification"),
        None,
    ),
    "a complaint": (unknown_shape("Spam!", Content_Type="multipart/report; report-type=feedback-report"), None),
    "a person": (
        mail(
            "Your message could not be delivered to my old address, it does not exist.",
            path="<a@example.org>",
            to=VERP,
            From="a@example.org",
            Subject="Re: Please sign",
            In_Reply_To=OURS,
        ),
        None,
    ),
}
"""Name -> the report, and what it means for the email: nothing (None) if that has not failed."""
