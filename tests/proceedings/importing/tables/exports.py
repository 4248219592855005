"""One small export of each system with its real columns and invented content. All hold the same two accepted papers."""

from tests.proceedings.workbooks import Table

TITLE = "Größe & “Maß”: a, b; c"
ABSTRACT = "Zeile eins,\nZeile “zwei”; 5 % — fin"
MARK = "✔"

EASYCHAIR: Table = [
    *[["#", "title", "authors", "submitted", "last updated", "form fields", "keywords", "decision", "notified"]],
    *[[7, TITLE, "Ann Lee and José van der Berg", "2026-01-02", "", "", "a\nb", "accept", "no"]],
    *[[8, "Second", "Chi-Wei Wu", "2026-01-02", "", "", "", "ACCEPT (poster)", "no"]],
    *[[9, "Third", "Dee Oh", "2026-01-02", "", "", "", "reject", "no"]],
]
EASYCHAIR_AUTHORS: Table = [
    *[["submission #", "first name", "last name", "email", "country", "affiliation", "Web page", "person #"]],
    *[[7, "José", "van der Berg", "jose@b.example", "NL", "Université B, Lab", "", 12]],
    *[[7, "Ann", "Lee", "ann@a.example", "US", "MIT", "", 11]],
    *[[8, "Chi-Wei", "Wu", "wu@c.example", "TW", "NTU", "", 13]],
]
EASYCHAIR_AUTHORS = [
    [*row, mark] for row, mark in zip(EASYCHAIR_AUTHORS, ("corresponding?", "", MARK, ""), strict=True)
]
CMT: Table = [
    *[["Paper ID", "Created", "Last Modified", "Paper Title", "Abstract", "Primary Contact Author Name"]],
    *[[7, "1/2/2026 3:04:05 PM -08:00", "", TITLE, ABSTRACT, "Ann Lee"]],
    *[[8, "", "", "Second", "", "Chi-Wei Wu"]],
    *[[9, "", "", "Third", "", "Dee Oh"]],
]
_CMT_MORE: Table = [
    *[["Primary Contact Author Email", "Authors", "Author Names", "Author Emails", "Track Name"]],
    *[
        [
            *[
                "ann@a.example",
                "Ann Lee (MIT)*; José van der Berg (Université B, Lab)",
                "Lee, Ann*; van der Berg, José",
            ],
            *["ann@a.example*; jose@b.example", "Main"],
        ]
    ],
    *[["wu@c.example", "Chi-Wei Wu (NTU)*", "Wu, Chi-Wei*", "wu@c.example*", "Main"]],
    *[["dee@d.example", "Dee Oh (D)*", "Oh, Dee*", "dee@d.example*", "Main"]],
]
_CMT_LAST: Table = [
    *[["Primary Subject Area", "Secondary Subject Areas", "Status", "Camera Ready Submitted?", "Files"]],
    *[["Theory -> Bounds", "", "Accept", "Yes", "7.pdf (123 bytes)"]],
    *[["Theory", "", "Accept as poster", "No", ""]],
    *[["Theory", "", "Reject", "No", ""]],
]
CMT = [[*one, *two, *three] for one, two, three in zip(CMT, _CMT_MORE, _CMT_LAST, strict=True)]
CMT_CAMERA_READY: Table = [
    *[["Paper ID", "Paper Title", "Abstract", "Author Names", "Author Emails", "Files"]],
    *[
        [
            *[7, TITLE, ABSTRACT, "Ann Lee (MIT)*; José van der Berg (Université B, Lab)"],
            *["ann@a.example; jose@b.example", "final.pdf (1 bytes); supp.zip (2 bytes)"],
        ]
    ],
    *[[8, "Second", None, "Chi-Wei Wu (NTU)*", "wu@c.example", ""]],
]
HOTCRP_AUTHORS: Table = [
    *[["paper", "title", "first", "last", "email", "affiliation", "country", "iscontact"]],
    *[[7, TITLE, "Ann", "Lee", "ann@a.example", "MIT", "US", "yes"]],
    *[[7, TITLE, "José", "van der Berg", "jose@b.example", "Université B, Lab", "NL", "no"]],
    *[[7, TITLE, "", "Secretary", "office@a.example", "MIT", "US", "contact_only"]],
    *[[8, "Second", "Chi-Wei", "Wu", "wu@c.example", "NTU", "TW", "yes"]],
]
HOTCRP_PAPERS: Table = [
    *[["ID", "Title", "Decision", "Authors"]],
    *[[7, TITLE, "Accepted", "Ann Lee (MIT), José van der Berg (Université B, Lab)"]],
    *[[8, "Second", "Accepted", "Chi-Wei Wu (NTU)"]],
    *[[9, "Third", "Rejected", "Dee Oh (D)"]],
]
START: Table = [
    *[["Submission ID", "Title", "Track", "Submission Type", "Abstract", "Authors", "All Author Emails"]],
    *[[7, TITLE, "Main", "Long", ABSTRACT, "Ann Lee and José van der Berg", "ann@a.example; jose@b.example"]],
    *[[8, "Second", "Main", "Short", "", "Chi-Wei Wu", "wu@c.example"]],
    *[[9, "Third", "Main", "Short", "", "Dee Oh", "dee@d.example"]],
]
START = [
    [*row, status, contact]
    for row, status, contact in zip(
        START,
        ("Acceptance Status", "Accept", "Accept-Poster", "Reject"),
        ("Contact Author Email", "ann@a.example", "wu@c.example", "dee@d.example"),
        strict=True,
    )
]
START_NUMBERED = [
    [*row, *more]
    for row, more in zip(
        START,
        [
            [
                *["1: Username", "1: First Name", "1: Last Name", "1: Email", "1: Affiliation"],
                *["2: Username", "2: First Name", "2: Last Name", "2: Email", "2: Affiliation"],
            ],
            [
                *["lee", "Ann", "Lee", "ann@a.example", "MIT"],
                *["jose", "José", "van der Berg", "jose@b.example", "Université B, Lab"],
            ],
            ["wu", "Chi-Wei", "Wu", "wu@c.example", "NTU", "", "", "", "", ""],
            ["oh", "Dee", "Oh", "dee@d.example", "D", "", "", "", "", ""],
        ],
        strict=True,
    )
]
PLAIN: Table = [
    *[["Paper ID", "Title", "Authors", "E-mail addresses", "Abstract", "OpenReview", "Section", "Decision", "", ""]],
    *[
        [
            *[7, TITLE, "Ann Lee (MIT)*, José van der Berg (Université B, Lab)", "ann@a.example, jose@b.example"],
            *[ABSTRACT, "https://openreview.net/forum?id=AbC_1-xyz9", "Talks", "Accepted (oral)", "", ""],
        ]
    ],
    *[[8, "Second", "Chi-Wei Wu (NTU)*", "wu@c.example", None, "Zz9_-8abcd", "Talks", "Accepted", "", ""]],
    *[[9, "Third", "Dee Oh", "", "", "", "", "Withdrawn", "", ""]],
]
HOTCRP_JSON = [
    {
        "object": "paper",
        "pid": 7,
        "title": TITLE,
        "abstract": ABSTRACT,
        "authors": [
            {"email": "ann@a.example", "first": "Ann", "last": "Lee", "affiliation": "MIT", "contact": True},
            {"email": "jose@b.example", "first": "José", "last": "van der Berg", "affiliation": "Université B, Lab"},
        ],
        "topics": ["Theory"],
        "status": "submitted",
        "decision": "Accepted",
    },
    {
        "pid": 8,
        "title": "Second",
        "authors": [{"first": "Chi-Wei", "last": "Wu", "email": "wu@c.example", "affiliation": "NTU"}],
        "contacts": [{"email": "WU@c.example", "name": "Chi-Wei Wu"}],
        "decision": "Accepted",
        "status": "submitted",
    },
    {"pid": 9, "title": "Third", "authors": [{"name": "Dee Oh"}], "decision": "Rejected", "status": "submitted"},
    {"pid": 10, "title": "Fourth", "authors": [{"name": "Dee Oh"}], "decision": "Accepted", "withdrawn": True},
]
START_METADATA = f"""SubmissionNumber#=%=#7
FinalPaperTitle#=%=#{TITLE}
Abstract#==#Zeile eins,
Zeile “zwei”; 5 % — fin
Author{{1}}{{Firstname}}#=%=#Ann
Author{{1}}{{Lastname}}#=%=#Lee
Author{{1}}{{Email}}#=%=#ann@a.example
Author{{1}}{{Affiliation}}#=%=#MIT
Author{{2}}{{Firstname}}#=%=#José
Author{{2}}{{Lastname}}#=%=#van der Berg
Author{{2}}{{Email}}#=%=#jose@b.example
Author{{2}}{{Affiliation}}#=%=#Université B, Lab
Author{{3}}{{Firstname}}#=%=#
Author{{3}}{{Lastname}}#=%=#
==========
SubmissionNumber#=%=#8
FinalPaperTitle#=%=#Second
Author{{1}}{{Firstname}}#=%=#Chi-Wei
Author{{1}}{{Lastname}}#=%=#Wu
Author{{1}}{{Email}}#=%=#wu@c.example
Author{{1}}{{Affiliation}}#=%=#NTU
"""
