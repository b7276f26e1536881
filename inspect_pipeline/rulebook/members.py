"""Groups with their terms by number: hashing terms is dear, so it is done once for all calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.rule import Group
from inspect_pipeline.rulebook.terms import Intent, Like, Term


def terms_of(group: Group) -> Iterator[Term]:
    """Yield every term of a group and of the groups in it."""
    for inner in groups_in(group):
        yield from (item for item in (*inner.any, *inner.all, *inner.none) if not isinstance(item, Group))


def groups_in(group: Group) -> Iterator[Group]:
    """Yield a group and all groups in it."""
    yield group
    for item in (*group.any, *group.all, *group.none):
        if isinstance(item, Group):
            yield from groups_in(item)


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """A group with its terms by number.

    `numbers` are those of the groups in it too, `own` those in `any` itself: the `likes`, about which a sentence model
    must be asked, and the `worded`, with those `intents` that may be believed. `asks`: any of `numbers` is a `like`
    term. `bars`: the `under` intents of a group that is nothing but alternatives. `places` tells where in `any` a term
    is, `groups` where in it groups are.
    """

    any: tuple[int | Members, ...]
    all: tuple[int | Members, ...]
    none: tuple[int | Members, ...]
    speaker: Speaker | None
    numbers: frozenset[int]
    own: frozenset[int]
    worded: frozenset[int]
    likes: tuple[int, ...]
    intents: tuple[int, ...]
    bars: frozenset[int]
    places: Mapping[int, int]
    groups: tuple[tuple[int, Members], ...]
    simple: bool  # it has an `any` and nothing else
    flat: bool  # and no group in it
    asks: bool

    @classmethod
    def of(cls, group: Group, numbers: Mapping[Term, int]) -> Members:
        """Return a group by the numbers of its terms, worked out once for all calls: hashing terms is dear."""

        def by_number(items: Sequence[Term | Group]) -> tuple[int | Members, ...]:
            return tuple(Members.of(item, numbers) if isinstance(item, Group) else numbers[item] for item in items)

        some = by_number(group.any)
        places = {item: place for place, item in reversed([*enumerate(some)]) if isinstance(item, int)}
        groups = tuple((place, item) for place, item in enumerate(some) if isinstance(item, Members))
        every, no = by_number(group.all), by_number(group.none)
        held = frozenset(numbers[term] for term in terms_of(group))
        simple = bool(some and not every and not no)
        flat = simple and not groups
        likes = {numbers[term] for term in terms_of(group) if isinstance(term, Like)}
        own = frozenset(places)
        own_likes = tuple(sorted(own & likes))
        intents = tuple([numbers[term] for term in group.any if isinstance(term, Intent) and term.under is None])
        lacking = [numbers[term] for term in group.any if isinstance(term, Intent) and term.under is not None]
        bars = frozenset(lacking if simple and group.speaker is None else ())
        return cls(
            *(some, every, no, group.speaker, held, own, own - likes, own_likes, intents, bars),
            *(places, groups, simple, flat, bool(likes)),
        )
