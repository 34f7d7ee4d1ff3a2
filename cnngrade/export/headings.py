"""What the columns of a class list are, in whatever language they were exported."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

_OTHER_LANGUAGES = {
    "first name": "vorname|prénom|nombre|nome|voornaam|firstname",
    "last name": "nachname|nom|nom de famille|apellido|apellidos|apellido(s)|cognome|"
    "sobrenome|apelido|achternaam|familienname|lastname",
    "full name": "vollständiger name|nom complet|nombre completo|nome completo|"
    "volledige naam|name|nom/prénom|apellidos y nombre",
    "email address": "e-mail-adresse|e-mail|email|mail|adresse de courriel|courriel|"
    "adresse e-mail|dirección de correo|dirección email|correo electrónico|"
    "dirección de correo electrónico|indirizzo email|e-mailadres|endereço de e-mail",
    "id number": "id-nummer|matrikelnummer|numéro d'identification|"
    "numéro d’identification|número de id|número de identificación|"
    "codice identificativo|numero id|número de identificação|idnummer|id-nummer",
    "username": "anmeldename|nutzername|benutzername|nom d'utilisateur|"
    "nom d’utilisateur|nombre de usuario|gebruikersnaam|nome de utilizador|login",
    "identifier": "identifikator|identifiant|identificador|identificativo|kennung",
    "maximum grade": "bestwertung|beste bewertung|maximale bewertung|note maximale|"
    "calificación máxima|valutazione massima|nota máxima",
    "last modified (grade)": "zuletzt geändert (bewertung)|"
    "dernière modification (note)|última modificación (calificación)|"
    "ultima modifica (valutazione)",
    "feedback comments": "feedback als kommentar|kommentare|feedback-kommentare|"
    "commentaires de feedback|commentaires|feedback par commentaires|"
    "comentarios de retroalimentación|comentarios de la retroalimentación|"
    "commenti di feedback|comentários de feedback",
    "last modified (submission)": "zuletzt geändert (abgabe)|"
    "dernière modification (travail remis)|última modificación (entrega)|"
    "ultima modifica (consegna)",
    "grade": "bewertung|note|calificación|valutazione|nota|cijfer",
    "group": "gruppe|groupe|grupo|gruppo|team|equipe|équipe|equipo|groep",
    "student": "studierende|studierende(r)|studierender|student/in|studenten|"
    "étudiant|étudiant(e)|étudiants|élève|estudiante|alumno|studente|aluno|cursist",
    "sis user id": "sis-benutzer-id|sis-nutzer-id|id utilisateur sis|"
    "identifiant utilisateur sis|id de usuario del sis|id de usuario sis|"
    "id utente sis|sis-gebruikers-id",
    "sis login id": "sis-anmelde-id|sis-login-id|id de connexion sis|"
    "identifiant de connexion sis|id de inicio de sesión del sis|"
    "id de inicio de sesión de sis|id accesso sis",
    "section": "abschnitt|sektion|kurs|sección|sezione|seção|sectie",
}
_ENGLISH = {
    _other: english
    for english, others in _OTHER_LANGUAGES.items()
    for _other in others.split("|")
}
_PARTICIPANT = re.compile(r"(?P<word>[^\W\d_]{3}[^\d,;@]*?)\s*\d{1,20}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_NAME = re.compile(r"[^\d@]*[^\W\d_][^\d@]*")


def english(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the English names of columns, in small letters, by name or by content.

    A column that is not recognised keeps its own name. No name is given twice.
    """
    names = [_plain(column) for column in columns]
    cells = [_column(rows, number) for number in range(len(columns))]
    made = [*names]
    for number, name in enumerate(names):
        told = _ENGLISH.get(name, "")
        if told and told not in names and told not in made[:number]:
            made[number] = told
    _by_content(made, cells)
    return made


def _by_content(made: list[str], cells: Sequence[Sequence[str]]) -> None:
    """Name the columns whose content says what they are."""
    for number, some in enumerate(cells):
        if made[number] in _OTHER_LANGUAGES:
            continue
        if "identifier" not in made and _are_participants(some):
            made[number] = "identifier"
        elif "email address" not in made and _all(_EMAIL, some):
            made[number] = "email address"
    is_canvas = any(name.startswith("sis ") for name in made) or "section" in made
    if is_canvas and "id" in made and "student" not in made and made[0] != "id":
        made[0] = "student"
    known = {"full name", "last name", "surname", "student", "first name"}
    at = made.index("identifier") + 1 if "identifier" in made else 0
    if at and at < len(made) and not known & {*made} and _all(_NAME, cells[at]):
        is_free = made[at] not in _OTHER_LANGUAGES and made[at] != "status"
        made[at] = "full name" if is_free else made[at]


def _are_participants(cells: Sequence[str]) -> bool:
    """Tell whether cells are a word with a number each, such as "Participant 12"."""
    found = [_PARTICIPANT.fullmatch(cell) for cell in cells]
    words = {one["word"].strip() for one in found if one}
    differ = 2 * len({*cells}) > len(cells)  # a row may stand there twice
    return bool(cells) and all(found) and len(words) == 1 and differ


def _all(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    return bool(cells) and all(pattern.fullmatch(cell) for cell in cells)


def _column(rows: Sequence[Sequence[str]], number: int) -> list[str]:
    cells = (row[number].strip() for row in rows if len(row) > number)
    return [cell for cell in cells if cell]


def _plain(column: str) -> str:
    return " ".join(unicodedata.normalize("NFC", column).casefold().split())


def own(columns: Sequence[str], made: Sequence[str]) -> Mapping[str, str]:
    """Return what each column is called on the list, by its English name."""
    pairs = [*zip(made, columns, strict=True)]
    return dict(reversed(pairs))
