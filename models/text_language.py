"""A cheap guess whether a text is English: its letters, and the small words of other languages.

Short texts carry little evidence and count as English; measured on what it is used for, it is a
guard against nonsense readings, not a language identifier.
"""

import unicodedata

# Frequent small words of German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Norwegian,
# Polish, Finnish and Turkish that are not also English. Accents are folded before looking up.
_FOREIGN_WORDS = """
ich du er sie wir ihr nicht und ist bin bist sind das der den dem ein eine einen mit auf fur von
zu sich auch aber wie wenn oder noch nur schon sehr heute mich dich mir dir mein dein kein hab
habe je tu il elle nous vous ne pas et est suis es sont le la les un une des dans avec pour sur
que qui mais ou tres mon ton ma cette ce ca va bien aujourd hui fait plus tout rien moi te
vraiment beaucoup belle quelle tellement toujours jamais yo el los las una unos del de en con por
para muy pero como esta este estoy estas eres soy mi su lo se nos hoy todo nada mas porque cuando
donde gracias hola esto tengo tiene hace mucho mucha quiero eso siempre nunca io lui lei noi voi
non sono sei siamo gli uno di da nel della per molto questo questa oggi tutto niente piu perche
quando dove grazie ciao mio mia sto ho hai ti che bella bello sempre mai eu ele ela voce nao sou
estou sao os um uma em com muito isto isso hoje tudo onde obrigado obrigada meu minha tenho tem ik
jij hij zij wij niet ben bent zijn het een met op voor van naar ook maar als dan nog heel vandaag
mijn jouw geen heb hebt heeft wat waarom goed dit dat blij jag han hon inte och ar det ett med pa
till som men om mycket idag min din ingen har jeg ikke og til meget dag ja ty ona nie jest jestem
na ale jak tak bardzo dzisiaj moj mam masz co mina sina ei ole olen mutta kun niin hyvin tanaan
sen bir ve bu degil cok ama gibi icin var yok bugun
"""

_ENGLISH_WORDS = """
the a an i you he she it we they me him her us them my your his its our their this that these
those is am are was were be been being do does did have has had will would can could should may
might must not no yes and or but if so as at by for from in into of off on out over to up with
about after all also any because before just like more most much now only really some such than
then there too very what when where which who why how again never always today here get got go
going good great bad love hate know think feel want need make see time people day thing don't i'm
it's that's can't didn't one back fun thanks thank hi come well oh wow please sorry
"""

_FOREIGN = frozenset(_FOREIGN_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())

_LATIN_SHARE = 0.7


def seems_english(text: str) -> bool:
    """Return False when the letters are not Latin or other languages' small words prevail."""
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return True
    if sum(_is_latin(char) for char in letters) < _LATIN_SHARE * len(letters):
        return False
    words = _words(text)
    english = sum(word in _ENGLISH for word, _ in words)
    foreign = sum(accented or word in _FOREIGN for word, accented in words)
    # One foreign word is a loan word (cafe, hola) unless nothing around it is English.
    loan = foreign == 1 and (english or len(words) == 1)
    return foreign <= english or bool(loan)


def _is_latin(char: str) -> bool:
    return char < "\u0250" or "LATIN" in unicodedata.name(char, "")


def _words(text: str) -> list[tuple[str, bool]]:
    """Return the words in lower case without accents, and whether each had one."""
    plain = unicodedata.normalize("NFC", text.replace("\u2019", "'").lower())
    words = "".join(char if char.isalpha() or char == "'" else " " for char in plain).split()
    return [(_fold(word), not word.isascii()) for word in words]


def _fold(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    return "".join(char for char in parts if not unicodedata.combining(char)).strip("'")
