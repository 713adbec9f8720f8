"""Two decisions on one incident side by side, and counts of them."""

from __future__ import annotations

from msgspec import Struct

# Names of a decision that are compared: more suspects than anybody reads.
MAX_NAMES = 10
# The longest name that is compared. Names come from senders; those of people and tools are far shorter.
MAX_NAME_CHARS = 300
ABSENT = -1


class Compared(Struct):
    """The last decisions of both models on one incident.

    `is_decided` is true if the candidate's was used. Places are those of the confirmed answer, 0 for the first and
    `ABSENT` for none; they count once `is_confirmed`.
    """

    key: str
    serving: list[str]
    candidate: list[str]
    is_decided: bool = False
    is_confirmed: bool = False
    serving_place: int = ABSENT
    candidate_place: int = ABSENT

    @property
    def differs(self) -> bool:
        """True if the first names differ."""
        return self.serving[:1] != self.candidate[:1]


class Tally(Struct):
    """Counts of incidents: each counts once, with the last decisions on it.

    `same_first` and `same_three` agree in the first name and in the first three in any order. Of the `confirmed`,
    `serving_first` and so on had the answer there; `only_serving` and `only_candidate` are those whose first name was
    right for one of the two models alone.
    """

    compared: int = 0
    same_first: int = 0
    same_three: int = 0
    confirmed: int = 0
    serving_first: int = 0
    candidate_first: int = 0
    serving_three: int = 0
    candidate_three: int = 0
    only_serving: int = 0
    only_candidate: int = 0

    def count(self, one: Compared, by: int) -> None:
        """Count an incident, or no longer count it (`by` -1)."""
        self.compared += by
        self.same_first += by * (not one.differs)
        self.same_three += by * (sorted(one.serving[:3]) == sorted(one.candidate[:3]))
        if not one.is_confirmed:
            return
        ours, theirs = one.serving_place == 0, one.candidate_place == 0
        self.confirmed += by
        self.serving_first += by * ours
        self.candidate_first += by * theirs
        self.serving_three += by * (0 <= one.serving_place < 3)
        self.candidate_three += by * (0 <= one.candidate_place < 3)
        self.only_serving += by * (ours and not theirs)
        self.only_candidate += by * (theirs and not ours)
