"""Which pasted texts give a meeting, and which sentence refuses the others."""

from time import process_time
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.zoom.meeting_link import (
    LONGEST_TEXT,
    ZOOM_DOMAINS,
    MeetingLink,
    MeetingLinkError,
    extract_zoom_meeting_id,
    read_meeting_link,
)

ID = "81418900011"
LINK = f"https://zoom.us/j/{ID}?pwd=abc.1"
SAFELINK = "https://eur01.safelinks.protection.outlook.com/"
INVITATION = f"""Ana is inviting you to a scheduled Zoom meeting.

Join Zoom Meeting
https://us02web.zoom.us/j/{ID}?pwd=abc.1

Meeting ID: 814 1890 0011
Passcode: 123456

One tap mobile
+13017158592,,{ID}#,,,,*123456# US (Washington DC)

Find your local number: https://us02web.zoom.us/u/kdXyz
Help: https://school.example/zoom-help and/or ask Ana.
"""


def wrapped(link: str) -> str:
    """`link` as Outlook rewrites it."""
    return f"{SAFELINK}?url={quote(link, safe='')}&data=05%7C02%7Cana%40school.example&reserved=0"


LINKS = [
    # browser links
    (f"https://zoom.us/j/{ID}", f"https://zoom.us/j/{ID}"),
    (f"https://us02web.zoom.us/j/{ID}?pwd=abc.1", f"https://us02web.zoom.us/j/{ID}?pwd=abc.1"),
    (f"https://us05web.zoom.us/j/{ID}?pwd=abc.1#success", f"https://us05web.zoom.us/j/{ID}?pwd=abc.1"),
    (f"https://company.zoom.us/j/{ID}/", f"https://company.zoom.us/j/{ID}"),
    (f"http://zoom.us/j/{ID}", f"https://zoom.us/j/{ID}"),
    (f"HTTPS://Zoom.US/J/{ID}", f"https://zoom.us/j/{ID}"),
    (f"zoom.us/j/{ID}", f"https://zoom.us/j/{ID}"),
    (f"https://zoom.us/s/{ID}?zak=SECRET&pwd=p", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"https://zoom.us/wc/join/{ID}?wpk=SECRET&prefer=1&un=SECRET&pwd=p", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"https://zoom.us/wc/{ID}/join?pwd=p", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"https://zoom.us/wc/{ID}/start?zak=SECRET", f"https://zoom.us/j/{ID}"),
    (f"https://app.zoom.us/wc/{ID}/join?fromPWA=1&pwd=p", f"https://app.zoom.us/j/{ID}?pwd=p"),
    (f"https://app.zoom.us/wc/join/{ID}", f"https://app.zoom.us/j/{ID}"),
    (f"https://app.zoom.us/wc/{ID}/start", f"https://app.zoom.us/j/{ID}"),
    (f"https://zoom.us/launch/jc/{ID}", f"https://zoom.us/j/{ID}"),
    (f"https://zoom.us/start?confno={ID}", f"https://zoom.us/j/{ID}"),
    (f"https://zoom.us/join?confno={ID}&pwd=p", f"https://zoom.us/j/{ID}?pwd=p"),
    # pages of the meeting for its host
    (f"https://zoom.us/meeting/{ID}", f"https://zoom.us/j/{ID}"),
    (f"https://us02web.zoom.us/meeting/{ID}?meetingMasterEventId=x#/", f"https://us02web.zoom.us/j/{ID}"),
    (f"https://us02web.zoom.us/meeting/{ID}/edit", f"https://us02web.zoom.us/j/{ID}"),
    (f"https://us02web.zoom.us/meetings/{ID}/invitations?signature=SECRET", f"https://us02web.zoom.us/j/{ID}"),
    # Zoom's other domains
    (f"https://zoom.com/j/{ID}", f"https://zoom.com/j/{ID}"),
    (f"https://school.zoomgov.com/j/{ID}", f"https://school.zoomgov.com/j/{ID}"),
    (f"https://vmware.zoom.com.cn/j/{ID}", f"https://vmware.zoom.com.cn/j/{ID}"),
    (f"https://zoom-x.de/j/{ID}", f"https://zoom-x.de/j/{ID}"),
    # apps
    (
        f"zoommtg://zoom.us/join?action=join&confno={ID}&pwd=p&uname=SECRET&zc=0",
        f"https://zoom.us/j/{ID}?pwd=p",
    ),
    (f"zoommtg://us02web.zoom.us/start?confno={ID}&zak=SECRET", f"https://us02web.zoom.us/j/{ID}"),
    (f"zoommtg:zoom.us/join?confno={ID}", f"https://zoom.us/j/{ID}"),
    (f"zoomus://zoom.us/join?confno={ID}", f"https://zoom.us/j/{ID}"),
    (f"intent://zoom.us/join?confno={ID}#Intent;scheme=zoomus;end", f"https://zoom.us/j/{ID}"),
    # wrappers
    (wrapped(f"https://zoom.us/j/{ID}?pwd=abc.1"), f"https://zoom.us/j/{ID}?pwd=abc.1"),
    (wrapped(wrapped(f"https://zoom.us/j/{ID}?pwd=abc.1")), f"https://zoom.us/j/{ID}?pwd=abc.1"),
    (wrapped(f"https://zoom.us/j/{ID}?tk=SECRET&amp;pwd=p"), f"https://zoom.us/j/{ID}?pwd=p"),
    (f"https://www.google.com/url?q=https://zoom.us/j/{ID}?pwd%3Dp&sa=D&ust=1&usg=x", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"https://google.co.uk/url?sa=t&url=https%3A%2F%2Fzoom.us%2Fj%2F{ID}", f"https://zoom.us/j/{ID}"),
    (
        f"https://urldefense.com/v3/__https://zoom.us/j/{ID}?pwd=abc.1__;!!OToaGQ!a_b__c-9$",
        f"https://zoom.us/j/{ID}?pwd=abc.1",
    ),
    (
        f"https://urldefense.com/v3/__https://zoom.us/j/{ID}?pwd=a*2Bb__;JQ!!OToaGQ!x$ .",
        f"https://zoom.us/j/{ID}?pwd=a%2Bb",
    ),
    (f"https://urldefense.com/v3/__https://zoom.us/j/{ID}?pwd=p*success__;Iw!!x!y$", f"https://zoom.us/j/{ID}?pwd=p"),
    (
        f"https://urldefense.com/v3/__https://zoom.us/j/{ID}?pwd=p**A__;w7zDvA!!x!y$",
        f"https://zoom.us/j/{ID}?pwd=p%C3%BC%C3%BC",
    ),
    (f"https://urldefense.us/v3/__https:/zoom.us/j/{ID}__;!!x!y$", f"https://zoom.us/j/{ID}"),
    (f"https://urldefense.com/v3/__https://zoom.us/j/{ID}", f"https://zoom.us/j/{ID}"),
    (f"https://urldefense.com/v3/__https://zoom.us/j/{ID}__", f"https://zoom.us/j/{ID}"),
    (
        f"https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_{ID}-3Fpwd-3Da-2D1&d=DwMFaQ&c=x",
        f"https://zoom.us/j/{ID}?pwd=a-1",
    ),
    (f"https://urldefense.proofpoint.com/v1/url?u=https%3A%2F%2Fzoom.us%2Fj%2F{ID}&k=x", f"https://zoom.us/j/{ID}"),
    (
        f"https://statics.teams.cdn.office.net/safelinks/1/atp-safelinks.html?url={quote(LINK, safe='')}",
        LINK,
    ),
    (wrapped(f"https://www.google.com/url?q={quote(LINK, safe='')}"), LINK),
    (f"https://www.google.com/url?q={quote(wrapped(LINK), safe='')}", LINK),
    (f"https://urldefense.com/v3/__{wrapped(LINK)}__;!!x!y$", LINK),
    (f"https://urldefense.com/v3/__https://urldefense.com/v3/__{LINK}__;!!x!y$__;JA!!x!y$", LINK),
    (f"https://zoom.us/j/{ID}?from=x&amp;pwd=p", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"<https://zoom.us/j/{ID}?pwd=p>", f"https://zoom.us/j/{ID}?pwd=p"),
    (f'<a href="https://zoom.us/j/{ID}?pwd=p">Join</a>', f"https://zoom.us/j/{ID}?pwd=p"),
    (f"[https://zoom.us/j/{ID}](https://zoom.us/j/{ID})", f"https://zoom.us/j/{ID}"),
    (f"Join us (https://zoom.us/j/{ID}).", f"https://zoom.us/j/{ID}"),
    (f"Link:https://zoom.us/j/{ID}?pwd=p,", f"https://zoom.us/j/{ID}?pwd=p"),
    (f"会议：https://zoom.com.cn/j/{ID}。", f"https://zoom.com.cn/j/{ID}"),
    (f"\u200bhttps://zoom.us/j/{ID}\u200b", f"https://zoom.us/j/{ID}"),
    # text round it
    (INVITATION, f"https://us02web.zoom.us/j/{ID}?pwd=abc.1"),
    (" ".join(INVITATION.split()), f"https://us02web.zoom.us/j/{ID}?pwd=abc.1"),
    (f"https://zoom.us/j/{ID} or https://school.zoom.us/j/{ID}", f"https://zoom.us/j/{ID}"),
]


@pytest.mark.parametrize(("text", "join_url"), LINKS)
def test_every_shape_of_link_gives_the_number_and_a_clean_join_link(text: str, join_url: str) -> None:
    assert read_meeting_link(text) == MeetingLink(ID, join_url)


@pytest.mark.parametrize(
    "text",
    [
        ID,
        "814 1890 0011",
        "  814-1890-0011.\n",
        "814\u00a01890\u00a00011",
        "814\u202f1890\u30000011",
        "814\u20131890\u20140011",
        "814\u22121890\u20110011",
        "\u202a814 1890 0011\u202c",
        "814 1890 001\u200b1",
        "Meeting ID: 814 1890 0011",
        "Meeting-ID: 814 1890 0011\n123456 is the passcode",
        "https://zoom.us/my/ana\nMeeting ID: 814 1890 0011",
    ],
)
def test_a_written_number_gives_the_id_and_no_link(text: str) -> None:
    assert read_meeting_link(text) == MeetingLink(ID, None)


@pytest.mark.parametrize("number", ["123456789", "2345678901", "81418900011"])
def test_numbers_of_nine_to_eleven_digits_are_meeting_ids(number: str) -> None:
    assert extract_zoom_meeting_id(number) == number
    assert extract_zoom_meeting_id(f"https://zoom.us/j/{number}") == number


PERSONAL = "A personal link (/my/…) does not contain the meeting ID."
WEBINAR = "This is the link of a Zoom webinar."
REGISTRATION = "A registration link does not contain the meeting ID."
NO_ID = "This Zoom link does not contain a meeting ID."
NOT_ZOOM = "This is not a Zoom address."
CONTROL = "This text holds control characters."
TWO = "This text holds more than one meeting ID."
OTHER_DIGITS = "Please write the meeting ID with the digits 0 to 9."
NOTHING = "There is no Zoom link or meeting ID here."

REFUSALS = [
    ("https://zoom.us/my/ana.maria", PERSONAL),
    ("https://company.zoom.us/my/ana?pwd=abc", PERSONAL),
    (f"https://zoom.us/my/{ID}", PERSONAL),
    ("https://zoom.us/meeting/register/tJ0kf-GgpzIqH9", REGISTRATION),
    (f"https://zoom.us/w/{ID}?tk=SECRET&pwd=p&uuid=WN_1", WEBINAR),
    (f"https://zoom.us/w/{ID}", WEBINAR),
    (f"https://zoom.us/webinar/{ID}", WEBINAR),
    ("https://us02web.zoom.us/webinar/register/WN_123456789", WEBINAR),
    (f"https://us02web.zoom.us/webinars/{ID}/invitations", WEBINAR),
    (wrapped(f"https://zoom.us/w/{ID}"), WEBINAR),
    ("Webinar ID: 814 1890 0011 Passcode: 123456", WEBINAR),
    (
        f"Please click the link below to join the webinar:\nhttps://zoom.us/j/{ID}?pwd=p\n\nWebinar ID: 814 1890 0011",
        WEBINAR,
    ),
    (f"https://zoom.us/j/{ID} https://zoom.us/w/{ID}", WEBINAR),
    (f"https://attendee.gotowebinar.com/register/1 Webinar ID: {ID}", NOT_ZOOM),
    ("https://zoom.us/", NO_ID),
    ("https://zoom.us/j/", NO_ID),
    ("https://us02web.zoom.us/u/kdXyz", NO_ID),
    (f"https://zoom.us/rec/share/{ID}", NO_ID),
    (f"https://zoom.us/profile?confno={ID}", NO_ID),
    # hosts that only look like Zoom's
    (f"https://zoom.us.evil.com/j/{ID}", NOT_ZOOM),
    (f"https://evilzoom.us/j/{ID}", NOT_ZOOM),
    (f"evilzoom.us/j/{ID}", NOT_ZOOM),
    (f"https://notzoom.com/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us./j/{ID}", NOT_ZOOM),
    (f"https://.zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us@evil.com/j/{ID}", NOT_ZOOM),
    (f"https://evil.com@zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us:pass@evil.com/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us:8443/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us%2eevil.com/j/{ID}", NOT_ZOOM),
    (f"https://zооm.us/j/{ID}", NOT_ZOOM),
    (f"https://zoom.uſ/j/{ID}", NOT_ZOOM),
    (f"https://ёzoom.us/j/{ID}", NOT_ZOOM),
    (f"ёzoom.us/j/{ID}", NOT_ZOOM),
    (f"evil:zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://zoom。us/j/{ID}", NOT_ZOOM),
    (f"https://xn--zm-fmcc.us/j/{ID}", NOT_ZOOM),
    (f"https://evil\u200bzoom.us/j/{ID}", NOT_ZOOM),
    (f"https://zoom.us\\@evil.com/j/{ID}", NOT_ZOOM),
    (f"https://evil.com\\.zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://evil.com/j/{ID}?u=zoom.us", NOT_ZOOM),
    (f"https://evil.com/?u=https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://evil.com/https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"evil.com/https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://evil.com/meeting-id:{ID}", NOT_ZOOM),
    (f"https://[::1]/j/{ID}", NOT_ZOOM),
    (f"ftp://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://evil.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F{ID}", NOT_ZOOM),
    (f"https://safelinks.protection.outlook.com.evil.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F{ID}", NOT_ZOOM),
    (f"https://evilsafelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F{ID}", NOT_ZOOM),
    (wrapped(f"https://evil.com/j/{ID}"), NOT_ZOOM),
    (wrapped(f"https://zo\nom.us/j/{ID}"), NOT_ZOOM),
    (SAFELINK, NOT_ZOOM),
    (f"https://www.google.com/search?q=https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://google.evil.example/url?q=https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://evilgoogle.com/url?q=https://zoom.us/j/{ID}", NOT_ZOOM),
    (f"https://www.google.com/url?q=https://evil.com/j/{ID}", NOT_ZOOM),
    ("https://www.google.com/url", NOT_ZOOM),
    (f"https://urldefense.com.evil.com/v3/__https://zoom.us/j/{ID}__;!!x!y$", NOT_ZOOM),
    (f"https://urldefense.com/v3/__https://evil.com/j/{ID}__;!!x!y$", NOT_ZOOM),
    ("https://urldefense.com/v3/", NOT_ZOOM),
    (f"https://urldefense.com/v3/__https://zo*om.us/j/{ID}__;Lg!!x!y$", NOT_ZOOM),
    (f"https://urldefense.com/v3/__https://zoom.us*evil.com/j/{ID}__;QA!!x!y$", NOT_ZOOM),
    (f"https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.com_j_{ID}", NOT_ZOOM),
    (f"https://zoom.us/meeting/{ID}/a/b", NO_ID),
    ("https://reclaim.ai/m/ana", NOT_ZOOM),
    (f"https://teams.microsoft.com/l/meetup-join/x Meeting ID: {ID}", NOT_ZOOM),
    # numbers
    ("12345678", "A meeting ID has 9 to 11 digits, this one has 8."),
    ("1234 5678 9012", "A meeting ID has 9 to 11 digits, this one has 12."),
    ("https://zoom.us/j/8141890", "A meeting ID has 9 to 11 digits, this one has 7."),
    ("https://zoom.us/j/814 1890 0011", "A meeting ID has 9 to 11 digits, this one has 3."),
    ("٨١٤١٨٩٠٠٠١١", OTHER_DIGITS),
    ("https://zoom.us/j/٨١٤١٨٩٠٠٠١١", OTHER_DIGITS),
    ("https://zoom.us/join?confno=８１４１８９０００１１", OTHER_DIGITS),
    ("Meeting ID: 814 1890 001 ٣", OTHER_DIGITS),
    (f"https://zoom.us/j/{ID} https://zoom.us/j/85218486288", TWO),
    (f"https://zoom.us/j/{ID} Meeting ID: 852 1848 6288", TWO),
    # nothing to read
    ("", NOTHING),
    ("our class is on Monday", NOTHING),
    (f"https://zoom.us/j/{ID}\x00", CONTROL),
    (f"https://zo\x7fom.us/j/{ID}", CONTROL),
    ("1" * (LONGEST_TEXT + 1), "This text is too long."),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSALS)
def test_what_is_no_meeting_is_refused_with_its_own_sentence(text: str, sentence: str) -> None:
    with pytest.raises(MeetingLinkError) as refusal:
        read_meeting_link(text)
    assert str(refusal.value).startswith(sentence)
    assert extract_zoom_meeting_id(text) is None


def test_a_page_for_the_host_is_told_from_a_link_to_join_by() -> None:
    assert read_meeting_link(f"https://zoom.us/meeting/{ID}").for_host
    assert not read_meeting_link(LINK).for_host


def test_a_passcode_cannot_add_parameters_to_the_join_link() -> None:
    link = read_meeting_link(f"https://zoom.us/j/{ID}?pwd=p%26zak%3Dx%23%0d%0a")
    assert link.join_url == f"https://zoom.us/j/{ID}?pwd=p%26zak%3Dx%23%0D%0A"


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "1 ",
        "a.",
        "a:",
        "a(",
        "(",
        ":",
        "https://",
        "meeting id: ",
        "\t",
        "%",
        "&amp;",
        "&pwd=",
        "zoom.us/j/1 ",
        "__;",
        "*",
        "/v3/__",
        "webinar id: ",
    ],
)
def test_reading_hostile_text_takes_no_time(piece: str) -> None:
    hostile = (piece * LONGEST_TEXT)[:LONGEST_TEXT]
    before = process_time()
    extract_zoom_meeting_id(hostile)
    extract_zoom_meeting_id("https://zoom.us/" + hostile[:-16])
    assert process_time() - before < 1


@pytest.mark.parametrize(
    "wrapper",
    [
        f"{SAFELINK}?url=",
        "https://urldefense.com/v3/__",
        "google.de/url?q=",
        "urldefense.us/v3/__",
        f"{SAFELINK}?url=google.com/url?q=https://urldefense.com/v3/__",
    ],
)
def test_links_that_wrap_each_other_to_the_limit_are_unwrapped_in_no_time(wrapper: str) -> None:
    link = f"https://zoom.us/j/{ID}"
    nested = wrapper * ((LONGEST_TEXT - len(link)) // len(wrapper)) + link
    before = process_time()
    assert extract_zoom_meeting_id(nested) == ID
    assert process_time() - before < 1


PIECES = [
    *(
        "https://",
        "http://",
        "zoommtg://",
        "zoom.us",
        "us02web.",
        ".evil.com",
        "/j/",
        "/wc/",
        "/join",
        "?confno=",
    ),
    *(
        "?pwd=",
        "&zak=",
        "#",
        "@",
        "\\",
        ":",
        "Meeting ID: ",
        ID,
        "12345678",
        "٣",
        " ",
        "\n",
        "<",
        ">",
        "[",
        "]",
    ),
    *("https://urldefense.com/v3/__", "__;", "!!", "*", "**A", "Iw", "https://www.google.com/url?q=", "-3A__"),
    *("https://urldefense.proofpoint.com/v2/url?u=", "/meeting/", "/w/", "/webinar/", "Webinar ID: "),
    *(SAFELINK, "?url=", "%2F", "%", "&amp;", "\ud800", "\u200b"),
]
any_text = st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@given(any_text)
def test_any_text_gives_a_clean_meeting_or_the_one_error(text: str) -> None:
    try:
        meeting = read_meeting_link(text)
    except MeetingLinkError:
        return
    assert meeting.meeting_id.isascii()
    assert meeting.meeting_id.isdecimal()
    assert 9 <= len(meeting.meeting_id) <= 11
    if meeting.join_url is not None:
        link = urlsplit(meeting.join_url)
        assert (link.scheme, link.path) == ("https", f"/j/{meeting.meeting_id}")
        assert link.query == "" or (link.query.startswith("pwd=") and "&" not in link.query)
        assert read_meeting_link(meeting.join_url) == meeting


label = st.text("abzomus-0", min_size=1, max_size=8)
hosts = st.lists(label | st.sampled_from(ZOOM_DOMAINS), min_size=1, max_size=3).map(".".join)
joined_hosts = st.tuples(hosts, st.sampled_from(["", "-", ".", "@", ":", "\\", "%", "ё", "\u200b"]), hosts).map("".join)
paths = st.sampled_from(
    [f"/j/{ID}", f"/s/{ID}", f"/wc/{ID}/start", f"/join?confno={ID}", f"/?u=https://zoom.us/j/{ID}"]
)


@given(st.sampled_from(["https://", "http://", "zoommtg://", ""]), hosts | joined_hosts, paths)
def test_no_host_but_zooms_gives_an_id(scheme: str, host: str, path: str) -> None:
    is_zoom = set(host) <= set("abcdeghimnosuvxz0.-") and any(
        host == domain or host.endswith("." + domain) for domain in ZOOM_DOMAINS
    )
    if not is_zoom:
        assert extract_zoom_meeting_id(f"{scheme}{host}{path}") is None
