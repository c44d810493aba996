"""The customer's own articles by decayed purchase days, plus `share` times the share of buyers who bought the article lately."""

import polars as pl
from week import POPULAR_DAYS, give, given, popular

week = given()
buyers = week.purchases.filter(pl.col("days_ago") <= POPULAR_DAYS)["customer"].n_unique()
liked = popular(week.purchases).select("article", share=pl.col("buyers") / buyers)
own = (
    week.purchases.filter(pl.col("customer").is_in(week.customers.implode()))
    .select("customer", "article", "days_ago")
    .unique()
    .group_by("customer", "article")
    .agg(own=(0.5 ** (pl.col("days_ago") / week.settings["half_life_days"])).sum())
)
best = pl.DataFrame({"customer": week.customers}).join(liked.head(10 * week.k).select("article"), how="cross")
both = pl.concat([own, best.with_columns(own=pl.lit(0.0)).select(own.columns)])
scored = both.group_by("customer", "article").agg(pl.col("own").max()).join(liked, on="article", how="left")
give(week, scored.with_columns(score=pl.col("own") + week.settings["share"] * pl.col("share")))
