"""Features of when purchases are renewed: how regularly a customer bought something, how likely they buy it again next week.

Input: the History of a customer shard; of everybody, the life tables of what is bought (features/life_table.py). Output: one
row per (customer, article) or (customer, product) bought.

Decayed shares of baskets are the time-decayed personal frequency of next-basket recommendation (Faggioli et al., 2020).
"""

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.life_table import MOST_DAYS, MOST_PURCHASES, life_tables
from lookbook.features.purchases import ratio

HALF_LIVES_DAYS = (56, 224)
NEWEST_BASKETS = 20
DECAY_UNITS = 1 << 20
NEVER = "null = the customer has not bought it"


def learn_article(inputs: Inputs) -> dict[str, pl.LazyFrame]:
    """Life tables of articles, by name."""
    rates, ratios = life_tables(inputs.history, "article")
    return {"article_repeat_rates": rates, "article_repeat_ratios": ratios}


def learn_product(inputs: Inputs) -> dict[str, pl.LazyFrame]:
    """The same of products."""
    rates, ratios = life_tables(inputs.history, "product")
    return {"product_repeat_rates": rates, "product_repeat_ratios": ratios}


def renewal_table(inputs: Inputs) -> pl.LazyFrame:
    """One row per (customer, article) bought."""
    weights = [f"weight_{days}d" for days in HALF_LIVES_DAYS]
    bought = (
        inputs.history.transactions.select("customer", "article", "days_ago")
        .unique()
        .with_columns(
            *(_decay(days).alias(weight) for days, weight in zip(HALF_LIVES_DAYS, weights, strict=True)),
            basket=pl.col("days_ago").rank("dense").over("customer"),
            size=pl.len().over("customer", "days_ago").cast(pl.Int64),
        )
    )
    baskets = (
        bought.select("customer", "days_ago", *weights).unique().group_by("customer").agg(pl.col(weights).sum().name.suffix("_all"))
    )
    pairs = bought.group_by(PAIR).agg(
        pl.len().alias("count"),
        pl.col("days_ago").min().alias("last"),
        pl.col(weights).sum(),
        (pl.col(weights[0]) // pl.col("size")).sum().alias("of_basket"),
        (pl.col("basket") <= NEWEST_BASKETS).cast(pl.Int64).sum().alias("newest_baskets"),
    )
    rated = _rated(pairs, inputs.tables["article_repeat_rates"], inputs.tables["article_repeat_ratios"], "article")
    return rated.join(baskets, on="customer", validate="m:1").with_columns(often=pl.col("renewal") * pl.col(weights[1]))


def product_renewal_table(inputs: Inputs) -> pl.LazyFrame:
    """One row per (customer, known product) bought; the key is `article_product`."""
    pairs = (
        inputs.history.transactions.join(inputs.history.articles.select("article", "product").drop_nulls(), on="article")
        .select("customer", "product", "days_ago")
        .unique()
        .group_by("customer", "product")
        .agg(count=pl.len(), last=pl.col("days_ago").min())
    )
    rated = _rated(pairs, inputs.tables["product_repeat_rates"], inputs.tables["product_repeat_ratios"], "product")
    return rated.rename({"product": "article_product"})


def _rated(pairs: pl.LazyFrame, rates: pl.LazyFrame, ratios: pl.LazyFrame, level: str) -> pl.LazyFrame:
    """`pairs` with `renewal`: the probability of the life table, its hazard multiplied by the ratio (proportional hazards)."""
    cell = {"purchases": pl.col("count").clip(upper_bound=MOST_PURCHASES), "days_since": pl.col("last").clip(upper_bound=MOST_DAYS)}
    return (
        pairs.with_columns(expr.cast(pl.UInt32).alias(name) for name, expr in cell.items())
        .join(rates, on=list(cell), how="left", validate="m:1")
        .join(ratios, on=level, how="left", validate="m:1")
        .with_columns(renewal=1 - (1 - pl.col("rate")) ** pl.col("ratio"))
    )


def _decay(half_life: float) -> pl.Expr:
    """Weight that halves every `half_life` days, 1 on day 1, in whole units of 2**-20 so that sums do not depend on order."""
    weight = 0.5 ** ((pl.col("days_ago").cast(pl.Float64) - 1) / half_life)
    return (weight * DECAY_UNITS).round().cast(pl.Int64)


def _rank(values: str) -> pl.Expr:
    """1 = the customer's largest; equal ones share the best rank."""
    return pl.col(values).rank("min", descending=True).over("customer")


RENEWAL = FeatureGroup(
    name="renewal",
    keys=PAIR,
    features=(
        Feature(
            "pair_decayed_rank_56d",
            _rank("weight_56d"),
            "Rank among all articles the customer bought by purchases that count half every 56 days, 1 = most; equal ones share "
            f"the best rank; {NEVER}.",
        ),
        *(
            Feature(
                f"pair_decayed_share_{days}d",
                ratio(pl.col(f"weight_{days}d"), pl.col(f"weight_{days}d_all")),
                f"Share of the customer's baskets that held the article, 0..1, both counted half every {days} days; {NEVER}.",
            )
            for days in HALF_LIVES_DAYS
        ),
        Feature(
            "pair_decayed_basket_part_56d",
            pl.col("of_basket") / DECAY_UNITS,
            f"Sum over the baskets with it of 1 / articles in the basket, counted half every 56 days; {NEVER}.",
        ),
        Feature(
            "pair_decayed_basket_part_rank_56d",
            _rank("of_basket"),
            f"Rank of that sum among all articles the customer bought, 1 = largest; equal ones share the best rank; {NEVER}.",
        ),
        Feature(
            "pair_newest_baskets",
            pl.col("newest_baskets"),
            f"How many of the customer's newest {NEWEST_BASKETS} baskets held the article; {NEVER}.",
        ),
        Feature(
            "pair_renewal",
            pl.col("renewal"),
            "Estimated probability that the customer buys the article again in the next 7 days, from how often purchases are "
            f"repeated so many days after so many purchases, and how much oftener those of this article are; {NEVER}.",
        ),
        Feature(
            "pair_renewal_rank",
            _rank("renewal"),
            "Rank of that probability among all articles the customer bought, 1 = highest; equal ones share the best rank; "
            f"{NEVER}.",
        ),
        Feature(
            "pair_renewal_decayed_rank_224d",
            _rank("often"),
            "Rank, likewise, of that probability times the purchases of the article that count half every 224 days; "
            f"1 = highest; {NEVER}.",
        ),
    ),
    table=renewal_table,
    learn=learn_article,
)

PRODUCT_RENEWAL = FeatureGroup(
    name="renewal_product",
    keys=("customer", "article_product"),
    features=(
        Feature(
            "pair_product_renewal",
            pl.col("renewal"),
            "The same probability that the customer buys anything of the product again in the next 7 days; null = the customer "
            "bought nothing of the product, or the product is unknown.",
        ),
        Feature(
            "pair_product_renewal_rank",
            _rank("renewal"),
            "Rank of that probability among all products the customer bought, 1 = highest; equal ones share the best rank; "
            "null as above.",
        ),
    ),
    table=product_renewal_table,
    learn=learn_product,
)
