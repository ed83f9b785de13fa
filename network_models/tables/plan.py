"""A public plan for the island, claim by claim, and the study keys that nobody knows the right value of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from network_models.tables.columns import Flag, PlainRow, Row, number, refers, whole

Basis = Literal["input", "arithmetic", "years", "run", "none"]
"""What a claim is tested with: the model takes it as given; the plan's own numbers; a year of the plants and sites
without a grid; a year of the closed loop; nothing."""


class StudyRange(Row):
    """A study key that nobody knows the right value of."""

    key: str
    base: float = number()
    whole: Literal["yes", "no"]
    unit: str
    title_en: str
    title_ja: str


class Reference(PlainRow):
    """A work of the bibliography."""

    key: str
    author: str = ""
    author_ja: str = ""
    title: str = ""
    title_ja: str = ""
    year: str = ""
    where: str = ""
    says: str
    accessed: str = ""


class Claim(PlainRow):
    """What the plan says, with the section where it says so."""

    id: str
    topic: str
    claim: str
    claim_ja: str
    value: float = number()
    unit: str
    where: str
    reference: str = refers("references.key")


class Fact(PlainRow):
    """A further number of the plan, or of another source, which a formula needs."""

    name: str
    value: float = number()
    unit: str
    where: str
    reference: str = refers("references.key")


class Check(PlainRow):
    """How a claim is tested: a formula of the same unit, how far both may be apart, what explains it.

    `within` is an amount, ``5 %`` of the claim, ``>=`` or ``<=`` (the computed value may lie above, or below).
    """

    claim: str = refers("plan_claims.id")
    basis: Basis
    computed: str = ""
    within: str = Field(default="", pattern=r"^(>=|<=|\d+(\.\d+)?( %)?|)$")
    because_en: str
    because_ja: str


class Slip(PlainRow):
    """Two numbers or formulas that should agree; or, by `when`, the computed one should not be more, or not the same.

    What has to be settled first stands on the report's first page.
    """

    slip: str
    first_page: Flag
    claims: str
    stated: str
    computed: str
    unit: str = ""
    digits: int = whole()
    when: Literal["differ", "more", "same"]
    within: float = number(ge=0)
    text_en: str
    text_ja: str
