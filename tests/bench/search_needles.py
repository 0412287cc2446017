"""What is looked for, in three languages, and the sentence that is meant: in a cue, on a page, in an abstract, a
title.

Written for this: questions as people type them, inflected otherwise than the sentence, without accents, with a slip of
the finger, by a part of a compound or by the compound for its part, as a phrase, with an exclusion, by who speaks.
"""

from typing import NamedTuple

CUE, PAGE, ABSTRACT, TITLE = "caption", "page", "abstract", "title"


class Needle(NamedTuple):
    """A question, the sentence it means, its language and where it stands. `speaker` and `decoy` are for questions that
    need them: a decoy is a sentence of other talks."""

    query: str
    sentence: str
    language: str
    place: str = CUE
    speaker: str = ""
    decoy: str = ""


NEEDLES = (
    # Finnish
    Needle("seminaari hiljaisuus", "Tämä verkkoseminaari käsittelee hiljaisuuden merkitystä", "fi"),
    Needle("verkkoseminaari opettajille", "Järjestimme keväällä seminaarin opettajille Rovaniemellä", "fi"),
    Needle("äänenlaatu mikrofonit", "Mikrofonin sijainti ratkaisee äänenlaadun suuressa salissa", "fi"),
    Needle("yhteisojen saannot", "Yhteisöjen säännöt kirjoitetaan yhdessä jäsenten kanssa", "fi"),
    Needle("kaupungin kirjastot", "Kaupunkien kirjastoissa verkko on avoin kaikille", "fi"),
    Needle("moderaattorin väsymys", "Moderaattorit väsyvät kun viestejä on liikaa", "fi"),
    Needle("tallenteiden tekstitys", "Tekstitimme jokaisen tallenteen kahdessa päivässä", "fi"),
    Needle("direktiivi vaatimus luennot", "Saavutettavuusdirektiivin vaatimukset koskevat myös luentoja", "fi"),
    Needle("saavutetavuus luennot", "Luentojen saavutettavuus paranee vähitellen", "fi"),
    Needle("keskustelupalsta historia", "Ensimmäinen keskustelupalsta syntyi yliopiston koneella", "fi"),
    Needle("palsta ylläpitäjä", "Keskustelupalstan ylläpitäjän arki on hiljaista työtä", "fi"),
    Needle('"avoin lähdekoodi"', "Puhutaan nyt siitä mitä avoin lähdekoodi tarkoittaa kunnalle", "fi",
            CUE, "", "Lähdekoodi on harvoin avoin ja koodi vielä harvemmin"),
    Needle("lomake täyttäminen minuutti", "Tietosuojalomakkeen täyttäminen vie viisi minuuttia", "fi"),
    Needle("revontulet jalusta", "Revontulten kuvaaminen öisin vaatii jalustan", "fi"),
    Needle("sähköpostilista arkisto", "Sähköpostilistojen arkistot katosivat palvelimen mukana", "fi"),
    Needle("nuorten pelaaminen", "Pelaavat nuoret löytävät ystäviä verkosta", "fi"),
    Needle("kyselytutkimus vastaajat", "Vastaajia kyselytutkimuksessa oli neljätuhatta", "fi", PAGE),
    Needle("tulokset taulukko", "Tulosten taulukko: puolet vastaajista lukee, kymmenes kirjoittaa", "fi", PAGE),
    Needle("ylikuormitus palvelin", "Palvelimen ylikuormitus joulukuussa", "fi", PAGE),
    Needle("kielten kirjo", "Kirjo kieliä ja murteita suomalaisissa ryhmissä", "fi", ABSTRACT),
    Needle("trollaamista pienessä ryhmässä", "Trollaamisen torjuminen pienissä ryhmissä", "fi", TITLE),
    Needle("speaker:virtanen luottamus", "Luottamus rakentuu hitaasti ja katoaa nopeasti", "fi", CUE, "Helmi Virtanen"),
    Needle("mökki valokuitu", "Valokuitu tuli mökille vasta viime kesänä", "fi"),
    # Swedish
    Needle("föreläsningar inspelning", "Inspelningen av föreläsningen tog en hel eftermiddag", "sv"),
    Needle('"forskningen om gemenskaper"', "Forskningen om gemenskaper på nätet är ännu ung", "sv"),
    Needle("forelasare rost", "Föreläsarens röst hörs bättre med ett knappnålshål i skummet", "sv"),
    Needle("undertexter volontär", "Vi översatte undertexterna med hjälp av volontärer", "sv"),
    Needle("öppna bibliotek kamera", "Öppna biblioteken lånar ut kameror och mikrofoner", "sv"),
    Needle("användarnas integritet", "Integriteten för varje användare kommer först", "sv"),
    Needle("seminarier deltagare", "Seminariet i somras samlade tvåhundra deltagare", "sv"),
    Needle('"digitala torg"', "Städerna bygger digitala torg där ingen äger samtalet", "sv",
            CUE, "", "Torg är sällan digitala fast torgen är många"),
    Needle("diskussionsforum moderatorer", "Moderatorerna på diskussionsforumet arbetar om natten", "sv"),
    Needle("forum regler", "Reglerna för diskussionsforumen skrevs om förra året", "sv"),
    Needle("anonymitt konton", "Anonymitet och falska konton är två olika saker", "sv"),
    Needle("barnens skärmtid", "Skärmtiden för barn mättes hemma i köket", "sv"),
    Needle("enkät resultat", "Resultaten från enkäten: hälften läser bara", "sv", PAGE),
    Needle("nätverkets kablar", "Kablarna i nätverket byttes ut våning för våning", "sv"),
    Needle("språkbad grundskola", "Språkbadet i grundskolan och dess digitala rum", "sv", ABSTRACT),
    Needle("hatprat motstånd", "Motstånd mot hatprat i lokala grupper", "sv", TITLE),
    Needle("tystnad lärare -kamera", "Lärarens tystnad är också ett svar", "sv",
            CUE, "", "Lärarens kamera fångade en tystnad som varade"),
    Needle("speaker:lindqvist öar", "På öarna är radion fortfarande viktigast", "sv", CUE, "Maja Lindqvist"),
    Needle("sjökort insamling", "Insamlingen av gamla sjökort blev en gemensam sak", "sv"),
    # English
    Needle("captioning volunteers", "A volunteer captioned the whole archive in a month", "en"),
    Needle("communities moderation burnout", "Moderators of a large community burn out, and burnout spreads", "en"),
    Needle("lurk participation rare", "Participation is rare and lurking is what most people do", "en"),
    Needle("latncy measurements", "We measured the latency from the camera to the phone", "en"),
    Needle('"nobody reads the manual"', "And of course nobody reads the manual before it is too late", "en",
            CUE, "", "The manual nobody wrote is the one somebody reads"),
    Needle("archive broken links", "Half of the links in our archive were broken after six years", "en"),
    Needle("pseudonyms trust", "A pseudonym can earn trust that a real name never had", "en"),
    Needle("grandparents tablets", "My grandparents keep the tablet in a kitchen drawer", "en"),
    Needle("onboarding newcomers", "A newcomer is greeted within the hour, that is our onboarding", "en"),
    Needle("spam filters regression", "The regression let spam through every filter for two days", "en"),
    Needle("emoji ambiguity", "Ambiguous emoji are read differently by every generation", "en"),
    Needle("sampling bias survey", "Sampling bias in a survey of active members", "en", PAGE),
    Needle("retention curve", "Retention after ninety days: the curve flattens", "en", PAGE),
    Needle("federated identity", "Identity in federated systems, and who vouches for whom", "en", PAGE),
    Needle("rural broadband", "Broadband came to rural villages with strings attached", "en", ABSTRACT),
    Needle("hashtag archaeology", "Archaeology of a hashtag", "en", TITLE),
    Needle("speaker:okafor ethics", "Ethics boards rarely meet the people they protect", "en", CUE, "Ada Okafor"),
    Needle("consent recording -webinar", "Consent to a recording can be withdrawn at any time", "en",
            CUE, "", "Consent for a webinar recording is asked at the door"),
    Needle("knitting circles", "The knitting circle outlived three platforms", "en"),
    Needle("naive assumptions", "Our naïve assumption was that people would introduce themselves", "en"),
    Needle("cafe regulars", "The regulars of the café never joined the forum", "en"),
    Needle("threaded conversations design", "Designing a conversation in threads changes who answers", "en"),
    Needle("midnight deployment", "Nobody deploys at midnight without a reason", "en"),
    Needle("oral history", "Oral histories were recorded in the old post office", "en"),
    Needle("webring nostalgia", "Nostalgic webrings came back as newsletters", "en"),
    Needle("screen reader table", "Screen readers announce a table cell by cell", "en"),
)  # fmt: skip
