"""The [simulate] settings: every parameter of the simulated fashion retailer.

Plain frozen dataclasses whose fields are the keys of pipelines/settings/default.toml, which says what each one means.
Shares are 0 to 1.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import ClassVar

FORBID_OTHER_KEYS = {"extra": "forbid"}


@dataclass(frozen=True)
class CatalogueSettings:
    """[simulate.catalogue]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    products: int
    articles: int
    scale_power: float
    styles: int
    group_article_shares: tuple[float, ...]
    group_sales_shares: tuple[float, ...]
    style_spread: float
    style_types: int
    odd_department_share: float
    colour_power: float

    def __post_init__(self) -> None:
        _at_least_one(self, "products", "articles", "styles", "style_types")
        _not_negative(self, "scale_power", "style_spread", "colour_power")
        _shares(self, "odd_department_share")
        if self.articles < self.products:
            raise ValueError(f"articles {self.articles}; allowed: at least products = {self.products}")
        for name in ("group_article_shares", "group_sales_shares"):
            _distribution(name, getattr(self, name), 5)


@dataclass(frozen=True)
class AppealSettings:
    """[simulate.appeal]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    product_spread: float
    variant_spread: float
    life_weeks: float
    life_spread: float
    evergreen_share: float
    evergreen_weeks: float
    evergreen_factor: float
    old_weeks: int
    late_variant_share: float
    end_lives: float
    leftover_share: float
    leftover_lives: float
    season_strength: float
    shock_spread: float
    shock_memory: float

    def __post_init__(self) -> None:
        _not_negative(self, *(field.name for field in fields(self)))
        _shares(self, "evergreen_share", "late_variant_share", "leftover_share", "shock_memory")
        _positive(self, "life_weeks", "evergreen_factor", "end_lives", "leftover_lives")


@dataclass(frozen=True)
class PeopleSettings:
    """[simulate.people]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    customers: int
    never_share: float
    rate_spread: float
    basket_items: float
    basket_spread: float
    basket_most: float
    favourites: int
    favourite_decay: float
    own_group_share: float
    age_group_strength: float
    young_share: float
    store_share: float
    store_loyalty: float

    def __post_init__(self) -> None:
        _at_least_one(self, "customers", "favourites")
        _positive(self, "store_loyalty", "favourite_decay")
        _not_negative(self, "rate_spread", "basket_spread", "age_group_strength")
        _shares(self, "never_share", "favourite_decay", "own_group_share", "young_share", "store_share")
        if not 1 <= self.basket_items <= self.basket_most:
            raise ValueError(f"basket_items {self.basket_items}; allowed: 1 to basket_most = {self.basket_most}")


@dataclass(frozen=True)
class DemandSettings:
    """[simulate.demand]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    weekly_buyers: tuple[int, ...]
    event_weeks: tuple[str, ...]
    event_factors: tuple[float, ...]
    week_spread: float
    weekdays: tuple[float, ...]
    online_events: tuple[str, ...]
    store_factors: tuple[float, ...]

    def __post_init__(self) -> None:
        _not_negative(self, "week_spread")
        _distribution("weekdays", self.weekdays, 7)
        if not self.weekly_buyers or min(self.weekly_buyers) <= 0:
            raise ValueError(f"weekly_buyers {self.weekly_buyers}; allowed: one number > 0 for each calendar month")
        for days, factors in (("event_weeks", "event_factors"), ("online_events", "store_factors")):
            given = [date.fromisoformat(day) for day in getattr(self, days)]
            if len(given) != len(getattr(self, factors)) or given != sorted(given):
                raise ValueError(f"{days} {getattr(self, days)}; allowed: rising dates, one for each of {factors}")


@dataclass(frozen=True)
class VisitSettings:
    """[simulate.visits]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    member_share: float
    member_weeks: float
    joining_trend: float
    return_boost: float
    return_weeks: float
    one_time_share: float
    weekly_churn: float
    second_visit_share: float
    exchange_share: float
    exchange_weeks: float
    exchange_items: float

    def __post_init__(self) -> None:
        _not_negative(self, "return_boost")
        _positive(self, "member_weeks", "return_weeks", "exchange_weeks", "joining_trend")
        _shares(self, "member_share", "one_time_share", "weekly_churn", "second_visit_share", "exchange_share")
        if self.exchange_items < 1:
            raise ValueError(f"exchange_items {self.exchange_items}; allowed: at least 1")


@dataclass(frozen=True)
class ChoiceSettings:
    """[simulate.choice]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    remembered: int
    memory_decay: float
    old_share: float
    repurchase: float
    repurchase_recent: float
    repurchase_weeks: float
    same_product: float
    same_product_recent: float
    exchange_repurchase: float
    exchange_same_product: float
    market_share: float
    section_share: float
    extra_item_share: float

    def __post_init__(self) -> None:
        _at_least_one(self, "remembered")
        _shares(self, *(field.name for field in fields(self) if field.name not in ("remembered", "repurchase_weeks")))
        _positive(self, "repurchase_weeks", "memory_decay")
        for names in (
            ("repurchase", "repurchase_recent", "same_product", "same_product_recent"),
            ("exchange_repurchase", "exchange_same_product"),
            ("market_share", "section_share"),
        ):
            if sum(getattr(self, name) for name in names) > 1:
                raise ValueError(f"{' + '.join(names)} is over 1; these shares of one whole must not sum to more")
        if self.extra_item_share >= 1 or self.memory_decay >= 1:
            raise ValueError("extra_item_share and memory_decay; allowed: below 1")


@dataclass(frozen=True)
class PriceSettings:
    """[simulate.price]."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    median: float
    spread: float
    type_share: float
    markdown_lives: float
    markdown: float
    sale_months: tuple[float, ...]
    offer_share: float
    offer: float
    token_share: float

    def __post_init__(self) -> None:
        _positive(self, "median", "markdown_lives")
        _not_negative(self, "spread")
        _shares(self, "type_share", "markdown", "offer_share", "offer", "token_share")
        if len(self.sale_months) != 12 or not all(0 <= cut < 1 for cut in self.sale_months):
            raise ValueError(f"sale_months {self.sale_months}; allowed: 12 shares from 0 to below 1")


@dataclass(frozen=True)
class SimulateSettings:
    """See [simulate] in pipelines/settings/default.toml."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    first_day: str
    last_day: str
    propensity_customers: int
    propensity_articles: int
    catalogue: CatalogueSettings
    appeal: AppealSettings
    people: PeopleSettings
    demand: DemandSettings
    visits: VisitSettings
    choice: ChoiceSettings
    price: PriceSettings

    def __post_init__(self) -> None:
        _at_least_one(self, "propensity_customers", "propensity_articles")
        if (date.fromisoformat(self.last_day) - date.fromisoformat(self.first_day)).days < 14:
            raise ValueError(f"last_day {self.last_day}; allowed: at least 14 days after first_day = {self.first_day}")


def _at_least_one(settings: object, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(f"{name} {getattr(settings, name)}; allowed: 1 and more")


def _positive(settings: object, *names: str) -> None:
    for name in names:
        if not getattr(settings, name) > 0:
            raise ValueError(f"{name} {getattr(settings, name)}; allowed: above 0")


def _not_negative(settings: object, *names: str) -> None:
    for name in names:
        if not getattr(settings, name) >= 0:
            raise ValueError(f"{name} {getattr(settings, name)}; allowed: 0 and more")


def _shares(settings: object, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise ValueError(f"{name} {getattr(settings, name)}; allowed: 0 to 1")


def _distribution(name: str, shares: tuple[float, ...], length: int) -> None:
    if len(shares) != length or min(shares) < 0 or sum(shares) <= 0:
        raise ValueError(f"{name} {shares}; allowed: {length} weights of 0 and more, not all 0")
