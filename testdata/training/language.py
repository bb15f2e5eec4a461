"""Reviews: a little language whose sentences are right or wrong, friendly or not, for a reason.

A review is one or two *speeches*. The first is a customer's; the second, if there is one, is a rival's answer, and a
rival means the opposite of what he says. A speech is a list of clauses:

    nobody says that the cooks near the old piano are not very rude and clean , ...

What has to be understood, and what makes it hard:

* agreement   the verb agrees with the head noun (cooks are), not with a nearer noun of another number (piano);
* negation    `not` after the verb turns the adjectives of its clause, `nobody says that` before it turns them too, so
              that both together cancel; `and` puts two adjectives in the scope of the same negations;
* degree      `very` and `truly` double the adjective that follows;
* speaker     the answer counts the other way round (this is what token_type_ids tell);
* counting    the verdict compares the sum of all adjectives with zero.

The verdict is `wrong` where a verb does not agree, else `good`, `bad` or `mixed`, as the sum is above, below or zero.
The verdicts are drawn equally often, so chance is one in four.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(5)
VERDICTS = ("good", "bad", "mixed", "wrong")

NOUNS = (("cook", "cooks"), ("waiter", "waiters"), ("singer", "singers"), ("guest", "guests"), ("piano", "pianos"),
         ("lamp", "lamps"), ("soup", "soups"), ("table", "tables"), ("garden", "gardens"), ("room", "rooms"))
VERBS = (("is", "are"), ("was", "were"), ("seems", "seem"), ("looks", "look"), ("sounds", "sound"))
PRAISE = ("kind", "clean", "bright", "lovely", "fresh", "charming", "honest", "splendid")
BLAME = ("rude", "dirty", "dull", "ugly", "stale", "boring", "false", "dreadful")
PLACES = ("near", "behind", "with", "above")
COLOURS = ("old", "new", "small", "red")
DEGREES = ("very", "truly")
WORDS = ("the", "nobody", "says", "that", "not", "and", ",", ".", "=")

VOCABULARY = (SPECIALS + VERDICTS + WORDS + DEGREES + COLOURS + PLACES + PRAISE + BLAME
              + tuple(form for pair in NOUNS + VERBS for form in pair))
ID = {word: index for index, word in enumerate(VOCABULARY)}


NUMBERS = ("one", "many")
MEANINGS = (*NUMBERS, "one agrees", "many agrees", "one disagrees", "many disagrees", "-2", "-1", "+1", "+2")


@dataclass(frozen=True)
class Word:
    """A word and what it says: a noun one or many, a verb also whether it agrees, an adjective what it is worth."""

    text: str
    meaning: str = ""


@dataclass(frozen=True)
class Review:
    """The words of one or two speeches and what they come to."""

    speeches: tuple[tuple[Word, ...], ...]

    @property
    def text(self) -> str:
        return " | ".join(" ".join(word.text for word in speech) for speech in self.speeches)

    @property
    def words(self) -> int:
        return sum(map(len, self.speeches))

    @property
    def verdict(self) -> str:
        meanings = [word.meaning for speech in self.speeches for word in speech]
        if any(meaning.endswith("disagrees") for meaning in meanings):
            return "wrong"
        total = sum(int(meaning) for meaning in meanings if meaning[:1] in ("+", "-"))
        return "good" if total > 0 else "bad" if total < 0 else "mixed"

    @property
    def split(self) -> str:
        """Which set this text belongs to, whenever it is drawn: the sets cannot overlap."""
        bucket = zlib.crc32(self.text.encode()) % 16
        return {0: "evaluation", 1: "calibration"}.get(bucket, "training")


def plain(text: str) -> list[Word]:
    return [Word(word) for word in text.split()]


def noun_phrase(rng: random.Random, number: int) -> list[Word]:
    colour = rng.choice(COLOURS) if rng.random() < 0.25 else ""
    return [*plain(f"the {colour}"), Word(rng.choice(NOUNS)[number], NUMBERS[number])]


def clause(rng: random.Random, sign: int, agrees: bool) -> list[Word]:
    """One clause of a speaker whose praise counts `sign`."""
    number = rng.randrange(2)
    words = []
    if rng.random() < 0.2:
        words += plain("nobody says that")
        sign = -sign
    words += noun_phrase(rng, number)
    if rng.random() < 0.3:  # an attractor, more often than not of the other number
        words += plain(rng.choice(PLACES)) + noun_phrase(rng, number if rng.random() < 0.35 else 1 - number)
    form = number if agrees else 1 - number
    words.append(Word(rng.choice(VERBS)[form], f"{NUMBERS[form]} {'agrees' if agrees else 'disagrees'}"))
    if rng.random() < 0.3:
        words += plain("not")
        sign = -sign
    words += adjective(rng, sign)
    if rng.random() < 0.3:
        words += plain("and") + adjective(rng, sign)
    return words


def adjective(rng: random.Random, sign: int) -> list[Word]:
    degree = plain(rng.choice(DEGREES)) if rng.random() < 0.25 else []
    praises = rng.random() < 0.5
    worth = (sign if praises else -sign) * (1 + len(degree))
    return [*degree, Word(rng.choice(PRAISE if praises else BLAME), f"{worth:+d}")]


def attempt(rng: random.Random, is_wrong: bool) -> Review:
    """Any review; where `is_wrong`, at least one of its clauses does not agree."""
    counts = (rng.choice((1, 1, 1, 2, 2, 3)), rng.choice((1, 1, 1, 2)))[: 2 if rng.random() < 0.4 else 1]
    agreements = [True] * sum(counts)
    if is_wrong:
        agreements = [rng.random() < 0.5 for _ in agreements]
        agreements[rng.randrange(len(agreements))] = False
    speeches = []
    for count, sign in zip(counts, (1, -1)):
        words: list[Word] = []
        for index in range(count):
            words += plain(",") if index else []
            words += clause(rng, sign, agreements.pop())
        speeches.append((*words, *plain(".")))
    return Review(tuple(speeches))


def draw(rng: random.Random, split: str, most_words: int) -> Review:
    """One review of the split; every verdict is equally likely, every draw of `rng` is repeatable."""
    wanted = rng.choice(VERDICTS)
    while True:
        review = attempt(rng, wanted == "wrong")
        if review.verdict == wanted and review.split == split and review.words <= most_words:
            return review


def draw_distinct(rng: random.Random, split: str, most_words: int, count: int) -> list[Review]:
    chosen: dict[str, Review] = {}
    while len(chosen) < count:
        review = draw(rng, split, most_words)
        chosen.setdefault(review.text, review)
    return list(chosen.values())
