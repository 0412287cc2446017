"""Letters in plain text, in English, Finnish and Swedish. Pure."""

from dataclasses import dataclass

LANGUAGES = ("en", "fi", "sv")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a letter says, and in which language."""

    subject: str
    text: str
    language: str


_SIGN_IN = {
    "en": (
        "Your sign-in link for {site}",
        "Hello{name},\n\nhere is your link to sign in to {site}:\n\n{url}\n\n"
        "It works once, within 24 hours. If you did not ask for it, you need not do anything.\n",
    ),
    "fi": (
        "Kirjautumislinkkisi: {site}",
        "Hei{name},\n\ntässä on linkkisi palveluun {site}:\n\n{url}\n\n"
        "Linkki toimii kerran, 24 tunnin ajan. Jos et pyytänyt sitä, sinun ei tarvitse tehdä mitään.\n",
    ),
    "sv": (
        "Din inloggningslänk till {site}",
        "Hej{name},\n\nhär är din länk för att logga in på {site}:\n\n{url}\n\n"
        "Den fungerar en gång, inom 24 timmar. Om du inte bad om den behöver du inte göra någonting.\n",
    ),
}
_ATTENDEE = {
    "en": (
        "Your personal link: {about}",
        "Hello{name},\n\nwith this link you get into {about}, live and afterwards:\n\n{url}\n\n"
        "It is yours alone and works as often as you like; please do not pass it on.\n",
    ),
    "fi": (
        "Henkilökohtainen linkkisi: {about}",
        "Hei{name},\n\ntällä linkillä pääset mukaan, suorana ja jälkikäteen: {about}\n\n{url}\n\n"
        "Linkki on vain sinulle ja toimii niin usein kuin haluat; ethän anna sitä eteenpäin.\n",
    ),
    "sv": (
        "Din personliga länk: {about}",
        "Hej{name},\n\nmed den här länken kommer du in, direkt och i efterhand: {about}\n\n{url}\n\n"
        "Den är bara din och fungerar så ofta du vill; ge den inte vidare, tack.\n",
    ),
}
_SPEAKER = {
    "en": (
        "For your talk: {about}",
        "Hello{name},\n\nwith this link you can upload the slides of your talk “{about}” and add links to it:\n\n"
        "{url}\n\nYou need no account. The link is yours alone and works as often as you like.\n",
    ),
    "fi": (
        "Esitystäsi varten: {about}",
        "Hei{name},\n\ntällä linkillä voit ladata esityksesi ”{about}” kalvot ja lisätä siihen linkkejä:\n\n"
        "{url}\n\nEt tarvitse tunnusta. Linkki on vain sinulle ja toimii niin usein kuin haluat.\n",
    ),
    "sv": (
        "Till ditt föredrag: {about}",
        "Hej{name},\n\nmed den här länken kan du ladda upp bilderna till ditt föredrag ”{about}” och lägga till länkar:"
        "\n\n{url}\n\nDu behöver inget konto. Länken är bara din och fungerar så ofta du vill.\n",
    ),
}


def sign_in_letter(*, name: str, url: str, site: str, language: str) -> Letter:
    """The letter with a one-time link."""
    return _write(_SIGN_IN, language, name=name, url=url, site=site)


def personal_link_letter(*, role: str, name: str, url: str, about: str, language: str) -> Letter:
    """The letter with a personal link: of a speaker about their session, else of an attendee about the event."""
    return _write(_SPEAKER if role == "speaker" else _ATTENDEE, language, name=name, url=url, about=about)


def _write(texts: dict[str, tuple[str, str]], language: str, *, name: str, **values: str) -> Letter:
    spoken = language[:2].lower()
    spoken = spoken if spoken in LANGUAGES else "en"
    subject, text = texts[spoken]
    one_line = {key: " ".join(value.split()) for key, value in values.items()}  # a subject is one line
    greeted = f" {' '.join(name.split())}" if name.strip() else ""
    return Letter(subject=subject.format(**one_line), text=text.format(name=greeted, **one_line), language=spoken)
