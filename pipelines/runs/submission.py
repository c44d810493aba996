"""Recommendations with the retailer's own ids, in the format of the H&M task on Kaggle.

Input: RECOMMENDATIONS and the id tables of a converted data set. Output: a CSV file, header customer_id,prediction.
"""

from pathlib import Path

import polars as pl


def write_submission(recommendations: pl.LazyFrame, *, dataset_folder: Path, file: Path) -> None:
    """One line per customer of `recommendations`: the id and the article ids in rank order, joined by one space.

    The lines follow the data set's submission order (that of its sample_submission.csv or customer file). Ids are written as they
    were read, leading zeros included; nothing else of the retailer's text gets into the file.
    """
    articles = pl.scan_parquet(dataset_folder / "article_ids.parquet", glob=False).select("article", "article_id")
    customers = pl.scan_parquet(dataset_folder / "customer_ids.parquet", glob=False).select("customer", "customer_id")
    order = pl.scan_parquet(dataset_folder / "submission_order.parquet", glob=False).select("customer")
    lists = (
        recommendations.select("customer", "article", "rank")
        .join(articles, on="article", how="left", validate="m:1", maintain_order="left")
        .sort("customer", "rank")
        .group_by("customer", maintain_order=True)
        .agg(prediction=pl.col("article_id").str.join(" "))
        .join(customers, on="customer", how="left", validate="1:1", maintain_order="left")
    )
    order.join(lists, on="customer", how="inner", validate="1:1", maintain_order="left").select(
        "customer_id", "prediction"
    ).sink_csv(file, maintain_order=True)
