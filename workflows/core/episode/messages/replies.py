"""What a person means who answers one of our messages (P2). Pure.

STOP may be said in any reasonable way (47 CFR 64.1200(a)(10)): as the word by itself, at the beginning, or in a clause
that says nothing else. A stop word in any other sentence may be a cry for help, so it is `doubtful`: a person reads it,
and until then nothing is sent there by itself.
"""

import re
import unicodedata
from typing import Literal

Meaning = Literal["stop", "start", "doubtful", "unknown"]

_STOP = frozenset(
    {
        "stop", "stopall", "stopp", "unsubscribe", "unsub", "revoke", "optout", "remove",
        # Spanish, Portuguese, French
        "alto", "parar", "pare", "paren", "parad", "detener", "detengan", "desuscribir", "desuscribirse", "baja",
        "basta", "arret", "arreter",
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
        "all", "todo", "todos", "hi", "hello", "hey", "hola", "sorry", "immediately",
    }
)  # fmt: skip
_MESSAGES = frozenset({"text", "texts", "txt", "txts", "messages", "mensajes", "sms"})

_TEXTS = r"(?:text|txt|sms|msg|message|mensaje|texto|reminder)s?"
_TEXTING = (
    r"(?:te?xt(?:ing)?|messag(?:e|ing)|contact(?:ing)?|send(?:ing)?|writ(?:e|ing)(?: to)?|bother(?:ing)?)"
)
_CALLING = r"(?:call(?:ing)?|phon(?:e|ing))"
_SEND = rf"(?:{_CALLING} (?:or |and )?)?{_TEXTING}(?: (?:or |and )?{_CALLING})?"
_REST = (
    rf"(?: (?:me|us|my|this|these|those|the|your|any|no|more|anymore|again|ever|all|to|at|on|from|of|number|"
    rf"phone|cell|here|please|now|immediately|already|at once|today|ok|thanks|thank you|{_TEXTS}))*"
)
_WANT = r"(?:i (?:want|would like|d like|wish|need|asked|am asking|m asking|told) ?(?:you )?(?:all )?(?:guys )?to )"
_ASKED = r"you (?:must|should|need to)|(?:can|could|would|will) you"
_LEAD = rf"(?:(?:please|pls|plz|just|ok|hi|hello|hey|{_ASKED}) )*{_WANT}?"
_NOT = r"(?:do not|dont|don t|never|no longer)"
_PHRASES = re.compile(
    "|".join(
        (
            rf"{_LEAD}(?:stop|quit|cease)(?: all| with)?(?: {_SEND}{_REST}|{_REST} {_TEXTS}{_REST})",
            rf"{_LEAD}(?:stop|cease) receiving{_REST} {_TEXTS}{_REST}",
            rf"{_LEAD}{_NOT} (?:ever )?{_SEND}{_REST}",
            rf"(?:i )?{_NOT} (?:want|need|wish)(?: to (?:get|receive))?{_REST} {_TEXTS}{_REST}",
            rf"(?:i want )?no more(?: of)?(?: (?:the|these|your))?(?: {_TEXTS})?(?: please| thanks| thank you)?",
            rf"{_LEAD}(?:take|remove|delete|get) (?:me|us|my number|this number)(?: (?:off|from|out of)"
            r"(?: of)? (?:the|this|that|your|all)(?: \w+)? (?:list|lists|system|texts|messages))?",
            rf"{_LEAD}take me off",
            rf"{_LEAD}(?:unsubscribe|optout|unsub)"
            rf"(?: (?:list|{_TEXTS}|me|us|my|number|from|of|the|this|these|your|all))*",
            rf"(?:i )?{_LEAD}(?:revoke)(?: (?:for|to|of) {_TEXTS})?",
            rf"{_LEAD}(?:leave me alone)(?: already| now| please)?",
            r"(?:sorry )?(?:(?:you|u) (?:have|got|have got) |(?:this|it) is |its )?(?:the |a )?wrong (?:number|person)"
            r"(?: please)?",
            rf"(?:por favor |ya )*no(?: me| nos)?(?: (?:envien?|manden?|escriban?|contacten?)(?:me|nos)?)"
            rf"(?: (?:mas|{_TEXTS}))*",
            rf"(?:por favor |ya )*no mas(?: {_TEXTS})?(?: por favor)?",
            rf"(?:ya )?no (?:quiero|deseo)(?: recibir)?(?: mas)? (?:mas|{_TEXTS}|sus {_TEXTS})",
            rf"(?:por favor )?dejen? de (?:enviar|escribir|mandar|molestar)(?:me)?"
            rf"(?: (?:mas )?{_TEXTS})?(?: por favor)?",
            r"(?:es (?:el|un) )?numero equivocado",
            r"(?:quiero )?dar(?:me|nos)?(?: de)? baja|(?:me )?den? de baja",
        )
    )
)  # fmt: skip
_GOES_ON = re.compile(
    r"\b(?:keep|continue|go on) (?:on )?(?:text|messag|send|writ)|\bjust kidding\b|\bjk\b|\bnever ?mind\b"
)
_DOUBT = re.compile(
    r"\b(?:stop\w*|quit\w*|cancel\w*|end|unsub\w*|optout|revok\w*|remove me|off (?:the|this|your) list|no more|"
    r"leave me alone|wrong (?:number|person)|(?:not|dont|don t|never|no longer) (?:ever |want \w* ?)?"
    r"(?:text|txt|messag|contact|send|writ|call)\w*|parar|paren|basta|alto|baja|dejen?|no mas|quiero mas|equivocado)\b"
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
_LOOKALIKE = str.maketrans(
    dict(
        zip(
            "\u0455\u0442\u043e\u0441\u0440\u043f\u0430\u0435\u03c4\u03bf\u03c3\u03c1",
            "stosppaetosp",
            strict=True,
        )
    )
)
"""Cyrillic and Greek letters that look or sound like those of STOP."""
_CLAUSE = re.compile(r"[.,;:!\n\u2014]+|\bor (?=i\b|i'?ll\b|else\b)")


def meaning_of(text: str) -> Meaning:
    """What a text message asks for. Capitals, accents, quotes, punctuation, emoji and polite words say nothing."""
    if is_bare(text):
        return "start" if set(_words(text)) & _START else "stop"
    whole = _plain(text)
    if _begins_with_stop(text) or any(_PHRASES.fullmatch(one) for one in _clauses(text)):
        return "doubtful" if _GOES_ON.search(whole) or set(whole.split()) & _START else "stop"
    return "doubtful" if _DOUBT.search(whole) else "unknown"


def is_bare(text: str) -> bool:
    """Whether a message is nothing but its word: of what says more, staff should see the rest."""
    if "?" in text:
        return False
    said = set(_words(text))
    means = said & (_STOP | _STOP_ALONE | _START)
    return bool(means) and not said - means - _MESSAGES and not (means & _START and means - _START)


def _begins_with_stop(text: str) -> bool:
    """Whether the first line or clause is the word by itself, whatever follows, as a quoted mail does."""
    first = next(iter(_clauses(text)), "")
    said = {word for word in first.split() if word not in _POLITE}
    return bool(said) and not said - _STOP


def _clauses(text: str) -> list[str]:
    """The clauses of a message, but for questions: who asks has not yet said it."""
    spelled = re.sub(r"\b([stop])[ .-](?=[stop]\b)", r"\1", _without_disguise(text))
    found = []
    for sentence in re.findall(r"[^?]*\??", spelled):
        if sentence.endswith("?"):
            *before, _asked = _CLAUSE.split(sentence)
            found += before
        else:
            found += _CLAUSE.split(sentence)
    return [plain for one in found if (plain := _plain(one))]


def _words(text: str) -> list[str]:
    return [word for word in _plain(text).split() if word not in _POLITE]


def _without_disguise(text: str) -> str:
    """Lower case without accents, with Latin letters for those that look like them."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(
        sign for sign in folded if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf"
    )
    return kept.translate(_LOOKALIKE).replace("'", "").replace("\u2019", "")


def _plain(text: str) -> str:
    """Words in lower case without accents, quotes or emoji, and the ways of opting out each as one word."""
    plain = re.sub(r"[^a-z0-9]+", " ", _without_disguise(text)).strip()
    for pattern, word in _OPT:
        plain = pattern.sub(word, plain)
    return plain
