"""What a person means who answers one of our messages (P2). Pure.

STOP may be said in any reasonable way (47 CFR 64.1200(a)(10)); but a word such as "end" stands in other sentences too,
and whoever writes "I want to end it" must be read by a person. What is not understood is kept and shown to staff.
"""

import re
import unicodedata
from typing import Literal

Meaning = Literal["stop", "start", "unknown"]

_STOP = frozenset(
    {
        "stop", "stopall", "stopp", "unsubscribe", "unsub", "revoke", "optout", "remove",
        # Spanish, Portuguese, French
        "alto", "parar", "pare", "paren", "parad", "detener", "detengan", "desuscribir", "desuscribirse", "baja",
        "darme", "basta", "arret", "arreter",
    }
)  # fmt: skip
_STOP_ALONE = frozenset({"end", "quit", "cancel", "cancelar", "cancela", "fin", "salir", "terminar"})
"""Words that mean STOP only where nothing else is said."""
_START = frozenset(
    {"start", "unstop", "resume", "subscribe", "optin", "iniciar", "reanudar", "empezar", "comenzar"}
)
_POLITE = frozenset(
    {
        "please", "pls", "plz", "por", "favor", "thanks", "thank", "you", "thx", "gracias", "now", "ya", "ok", "okay",
        "all", "todo", "todos", "hi", "hello", "hey", "hola",
    }
)  # fmt: skip
_MESSAGES = frozenset({"text", "texts", "messages", "mensajes", "sms"})
_ABOUT_MESSAGES = _MESSAGES | {
    "texting", "message", "messaging", "msg", "msgs", "mensaje", "sending", "send", "contacting", "me", "these",
    "this", "the", "from", "to", "my", "number", "of", "list", "los", "las", "de", "mis", "lista", "enviar",
    "enviarme", "mandar", "i", "want", "wish", "would", "like", "quiero", "it", "immediately", "and", "y", "dar", "da",
}  # fmt: skip
_NO_MORE = re.compile(
    r"\b(do not|dont|don t|never|no longer|stop|quit|no) (ever )?"
    r"(text|texting|message|messaging|contact|contacting|send|sending|write|call|calling) "
    r"(to )?(me|us|this number|any|more|messages?|texts?)|\bno more (texts?|messages?|sms)|"
    r"\bno (quiero|envien|manden|me envien|me manden|me escriban) ?(mas|mensajes|mensaje)|"
    r"\bno mas (mensajes|textos)|\b(take|remove) me off\b|\bremove me\b|\bleave me alone\b|"
    r"\bwrong (number|person)\b|\bnumero equivocado\b|\bdeje?n? de (enviar|escribir|mandar)"
)
_OPT = (
    (re.compile(r"\bopt(ing|ed)?( me| us)?[ -]*out\b|\bout[ -]*opt\b"), "optout"),
    (re.compile(r"\bopt(ing|ed)?[ -]*in\b"), "optin"),
    (re.compile(r"\bun[ -]?subscribe[ds]?\b|\bunsubscription\b"), "unsubscribe"),
    (re.compile(r"\bun[ -]?stop\b"), "unstop"),
    (re.compile(r"\bstop[ -]?all\b"), "stopall"),
    (re.compile(r"\bs[ .-]t[ .-]o[ .-]p\b"), "stop"),
    (
        re.compile(r"\b(revoked?|revoking|revocar|revoco)( (my )?(consent|permission|consentimiento))?\b"),
        "revoke",
    ),
)


def meaning_of(text: str) -> Meaning:
    """What a text message asks for. Capitals, accents, quotes, punctuation, emoji and polite words say nothing."""
    said = _said(text)
    core = said - _ABOUT_MESSAGES
    if is_bare(text) or (core and core <= _STOP):
        return "start" if said & _START else "stop"
    if _NO_MORE.search(_plain(text)):
        return "stop"
    return "start" if said & _START and said <= _START | _ABOUT_MESSAGES else "unknown"


def is_bare(text: str) -> bool:
    """Whether a message is nothing but its word: of what says more, staff should see the rest."""
    said = _said(text)
    means = said & (_STOP | _STOP_ALONE | _START)
    return bool(means) and said <= means | _MESSAGES and not (means & _START and means - _START)


def _said(text: str) -> set[str]:
    plain = _plain(text)
    for pattern, word in _OPT:
        plain = pattern.sub(word, plain)
    return set(plain.split()) - _POLITE


def _plain(text: str) -> str:
    """Lower case without accents, quotes or emoji."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", kept.replace("'", "").replace("\u2019", "")).strip()
