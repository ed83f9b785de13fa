"""A public plan for the island, claim by claim, and the study keys that nobody knows the right value of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from network_models.tables.columns import Row, number

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


class PlanRow(BaseModel):
    """A row of a plan's tables: no cell is empty, and no column unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(PlanRow):
    """What the plan says, with the section where it says so."""

    id: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    claim: str = Field(min_length=1)
    claim_ja: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    unit: str
    where: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class Fact(PlanRow):
    """A further number of the plan, or of another source, which a formula needs."""

    name: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    unit: str
    where: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class Check(PlanRow):
    """How a claim is tested: a formula of the same unit, how far both may be apart, what explains it.

    `within` is an amount, ``5 %`` of the claim, ``>=`` or ``<=`` (the computed value may lie above, or below).
    """

    claim: str = Field(min_length=1)
    basis: Basis
    computed: str
    within: str = Field(pattern=r"^(>=|<=|\d+(\.\d+)?( %)?|)$")
    because_en: str = Field(min_length=1)
    because_ja: str = Field(min_length=1)


class Slip(PlanRow):
    """Two numbers or formulas that should agree; or, by `when`, the computed one should not be more, or not the same.

    What has to be settled first stands on the report's first page.
    """

    slip: str = Field(min_length=1)
    first_page: bool
    claims: str = Field(min_length=1)
    stated: str = Field(min_length=1)
    computed: str = Field(min_length=1)
    unit: str
    digits: int
    when: Literal["differ", "more", "same"]
    within: float = Field(ge=0)
    text_en: str = Field(min_length=1)
    text_ja: str = Field(min_length=1)
