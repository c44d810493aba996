"""LambdaRank as somebody writes it in an afternoon: own articles, popular ones and neighbours of own ones; a few dozen features.

Settings: weeks = training weeks, negatives = of each positive, trees, leaves, rate = of LightGBM. The rest stands below.
"""

import lightgbm
import numpy as np
import polars as pl
from scipy.sparse import coo_matrix, diags
from week import give, given, popular

PAIR = ["customer", "article"]
N_POPULAR, N_NEIGHBOURS, N_NEAR, NEAR_DAYS = 100, 100, 20, 91
WINDOWS, HALF_LIVES = (7, 28, 91), (14, 56, 224)


def near_articles(past):
    """article, near, alike: the cosine of the sets of customers who bought the two of them lately."""
    pairs = past.filter(pl.col("days_ago") <= NEAR_DAYS).select(PAIR).unique()
    sold = pairs.filter(pl.len().over("article") >= 10)
    ones = np.ones(len(sold), np.float32)
    bought = coo_matrix((ones, (sold["customer"].to_numpy(), sold["article"].to_numpy()))).tocsc()
    unit = bought @ diags(1 / np.sqrt(np.maximum(np.asarray(bought.sum(axis=0)).ravel(), 1)))
    alike = (unit.T @ unit).tocoo()
    rows = pl.DataFrame({"article": alike.row.astype(np.uint32), "near": alike.col.astype(np.uint32), "alike": alike.data})
    return (
        rows.filter((pl.col("article") != pl.col("near")) & (pl.col("alike") > 0.1))
        .sort("article", "alike", "near", descending=[False, True, False])
        .group_by("article", maintain_order=True)
        .head(N_NEAR)
    )


def neighbour_scores(past, own):
    """customer, article, knn: articles near those that the customer bought lately, the best N_NEIGHBOURS."""
    return (
        own.filter(pl.col("pair_last") <= NEAR_DAYS)
        .join(near_articles(past), on="article")
        .group_by("customer", pl.col("near").alias("article"))
        .agg(knn=(pl.col("alike") * pl.col("pair_decayed_56")).sum())
        .sort("customer", "knn", "article", descending=[False, True, False])
        .group_by("customer", maintain_order=True)
        .head(N_NEIGHBOURS)
    )


def counted(rows, key, prefix):
    """Counts in windows and decayed, first and last day, of whatever `key` is."""
    days = pl.col("days_ago")
    return rows.group_by(key).agg(
        pl.len().alias(f"{prefix}_count"),
        days.min().alias(f"{prefix}_last"),
        days.max().alias(f"{prefix}_first"),
        *((days <= window).sum().alias(f"{prefix}_count_{window}") for window in WINDOWS),
        *((0.5 ** (days / half)).sum().alias(f"{prefix}_decayed_{half}") for half in HALF_LIVES),
    )


def article_features(past):
    by_day = past.select("customer", "article", "days_ago").unique()
    buyers = [pl.col("customer").filter(pl.col("days_ago") <= days).n_unique().alias(f"article_buyers_{days}") for days in WINDOWS]
    counts = by_day.group_by("article").agg(
        *buyers, article_buyers=pl.col("customer").n_unique(), article_count=pl.len(), article_first=pl.col("days_ago").max()
    )
    return counts.with_columns(
        article_repeat=pl.col("article_count") / pl.col("article_buyers"),
        article_trend=pl.col("article_buyers_7") / pl.col("article_buyers_28"),
    ).join(past.group_by("article").agg(article_price=pl.col("price").mean()), on="article")


def customer_features(past):
    return (
        past.group_by("customer")
        .agg(
            customer_baskets=pl.col("days_ago").n_unique(),
            customer_baskets_28=pl.col("days_ago").filter(pl.col("days_ago") <= 28).n_unique(),
            customer_last=pl.col("days_ago").min(),
            customer_rows=pl.len(),
            customer_articles=pl.col("article").n_unique(),
            customer_price=pl.col("price").mean(),
        )
        .with_columns(
            customer_basket=pl.col("customer_rows") / pl.col("customer_baskets"),
            customer_new=pl.col("customer_articles") / pl.col("customer_rows"),
        )
    )


def examples(week, articles, back, customers, bought=None):
    """Candidates of `customers` with features, as known `back` days before as_of; given what was `bought`, a sample with labels."""
    past = week.purchases.filter(pl.col("days_ago") > back).with_columns(pl.col("days_ago") - back)
    mine = past.join(customers.to_frame(), on="customer", how="semi")
    own_days = mine.select(*PAIR, "days_ago").unique()
    place = pl.col("pair_decayed_56").rank(descending=True).over("customer")
    own = counted(own_days, PAIR, "pair").with_columns(pair_place=place)
    product_days = own_days.join(articles, on="article").select("customer", "product", "days_ago").unique()
    sold = popular(past, 7).head(N_POPULAR).with_columns(popular=pl.int_range(1, pl.len() + 1))
    knn = neighbour_scores(past, own)
    pairs = pl.concat([own.select(PAIR), knn.select(PAIR), customers.to_frame().join(sold.select("article"), how="cross")]).unique()
    if bought is not None:
        pairs = sampled(pairs, bought, negatives=week.settings["negatives"], seed=back)
    due = pl.col("pair_last") * (pl.col("pair_count") - 1) / (pl.col("pair_first") - pl.col("pair_last"))
    return (
        pairs.join(own, on=PAIR, how="left")
        .join(knn, on=PAIR, how="left")
        .join(sold.select("article", "popular"), on="article", how="left")
        .join(article_features(past), on="article", how="left")
        .join(customer_features(mine), on="customer", how="left")
        .join(articles, on="article", how="left")
        .join(counted(product_days, ["customer", "product"], "product"), on=["customer", "product"], how="left")
        .with_columns(
            pair_share=pl.col("pair_count") / pl.col("customer_baskets"),
            pair_due=due,
            product_part=pl.col("pair_decayed_56") / pl.col("product_decayed_56"),
            price_ratio=pl.col("article_price") / pl.col("customer_price"),
        )
        .sort(PAIR)
    )


def sampled(pairs, bought, *, negatives, seed):
    """The pairs with their label: all that were bought, and of each customer so many others for each of these."""
    labelled = pairs.join(bought.with_columns(label=pl.lit(1)), on=PAIR, how="left").sort(PAIR)
    labelled = labelled.with_columns(pl.col("label").fill_null(0))
    wanted = negatives * pl.col("label").sum().over("customer")
    drawn = pl.int_range(pl.len()).shuffle(seed=seed).over("customer", "label")
    return labelled.filter((pl.col("label") == 1) | (drawn < wanted))


def training_week(week, articles, back):
    """Examples of the 7 days that began `back` days before as_of."""
    bought = week.purchases.filter((pl.col("days_ago") <= back) & (pl.col("days_ago") > back - 7)).select(PAIR).unique()
    return examples(week, articles, back, bought["customer"].unique(), bought)


week = given()
articles, settings = week.articles.select("article", "product"), week.settings
trained = [training_week(week, articles, 7 * (back + 1)) for back in range(settings["weeks"])]
names = [name for name in trained[0].columns if name not in (*PAIR, "product", "label")]
groups = np.concatenate([rows.group_by("customer", maintain_order=True).len()["len"].to_numpy() for rows in trained])
rows = pl.concat(trained)
parameters = {
    "objective": "lambdarank",
    "num_leaves": settings["leaves"],
    "learning_rate": settings["rate"],
    "min_data_in_leaf": 50,
}
parameters |= {"feature_fraction": 0.7, "lambdarank_truncation_level": 20, "seed": 1, "verbose": -1}
data = lightgbm.Dataset(rows.select(names).to_numpy().astype(np.float32), rows["label"].to_numpy(), group=groups)
model = lightgbm.train(parameters, data, num_boost_round=settings["trees"])
asked = examples(week, articles, 0, week.customers)
give(week, asked.with_columns(score=model.predict(asked.select(names).to_numpy().astype(np.float32))), "lightgbm", "scipy", "numpy")
