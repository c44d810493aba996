"""What is publicly known of the H&M data set, in numbers: what a twin is compared with.

Input: none. Output: YARDSTICKS.
"""

from dataclasses import dataclass
from typing import Literal

Scope = Literal["any", "customers", "articles", "full"]


@dataclass(frozen=True)
class Yardstick:
    """scope: how a figure of a smaller twin compares. any: as it is; customers: it grows with the customers; articles: only
    where the articles shrink with the customers; full: at full scale only."""

    value: float
    scope: Scope = "any"


CARDINALITIES = {
    "product_code": 47_224, "prod_name": 45_875, "product_type_no": 132, "product_type_name": 131, "product_group_name": 19,
    "graphical_appearance_no": 30, "graphical_appearance_name": 30, "colour_group_code": 50, "colour_group_name": 50,
    "perceived_colour_value_id": 8, "perceived_colour_value_name": 8, "perceived_colour_master_id": 20,
    "perceived_colour_master_name": 20, "department_no": 299, "department_name": 250, "index_code": 10, "index_name": 10,
    "index_group_no": 5, "index_group_name": 5, "section_no": 57, "section_name": 56, "garment_group_no": 21,
    "garment_group_name": 21, "detail_desc": 43_404,
}  # fmt: skip
"""Distinct values of the columns of articles.csv."""

SHRINKING = ("product_code", "prod_name", "detail_desc")

YARDSTICKS = {
    "rows": Yardstick(31_788_324, "customers"),
    "customers": Yardstick(1_371_980, "customers"),
    "articles": Yardstick(105_542, "full"),
    "weekly buyers, mean": Yardstick(76_300, "customers"),
    "weekly buyers, standard deviation": Yardstick(16_100, "customers"),
    "weekly buyers, lowest of spring 2020": Yardstick(47_000, "customers"),
    "weekly buyers, Black Friday 2019": Yardstick(132_000, "customers"),
    "rank of Saturday among the weekdays": Yardstick(1),
    "rank of Wednesday among the weekdays": Yardstick(2),
    "last week: buyers": Yardstick(68_984, "customers"),
    "last week: rows": Yardstick(240_311, "customers"),
    "last week: pairs": Yardstick(213_728, "customers"),
    "last week: pairs per buyer": Yardstick(3.1),
    "last week: articles": Yardstick(17_986, "full"),
    "last week: its articles sold in the 7 days before": Yardstick(0.776, "articles"),
    "last week: its articles sold in the 30 days before": Yardstick(0.92, "articles"),
    "last week: buyers who never bought before": Yardstick(0.08),
    "last week: buyers without a purchase in 90 days": Yardstick(0.27),
    "last week: pairs bought in the 38 days before": Yardstick(0.026),
    "last week: pairs bought in the 90 days before": Yardstick(0.028),
    "last week: pairs ever bought before": Yardstick(0.040),
    "last week: pairs new, but the product bought before": Yardstick(0.0335),
    "purchases per customer, mean": Yardstick(23.3),
    "purchases per customer, lower quartile": Yardstick(3),
    "purchases per customer, median": Yardstick(9),
    "purchases per customer, upper quartile": Yardstick(27),
    "purchases per customer, most": Yardstick(1_895, "full"),
    "customers with one purchase": Yardstick(0.0965),
    "customers inactive for more than 180 days": Yardstick(0.455),
    "days between a customer's last two dates, lower quartile": Yardstick(14),
    "days between a customer's last two dates, median": Yardstick(48),
    "days between a customer's last two dates, upper quartile": Yardstick(131),
    "purchases per article, mean": Yardstick(304, "articles"),
    "purchases per article, lower quartile": Yardstick(14, "articles"),
    "purchases per article, median": Yardstick(65, "articles"),
    "purchases per article, upper quartile": Yardstick(286, "articles"),
    "purchases per article, most": Yardstick(50_287, "full"),
    "sales of the top 7.4 % of articles": Yardstick(0.535, "articles"),
    "sales of the top 12 articles": Yardstick(0.0104, "full"),
    "pairs on one date only": Yardstick(0.958),
    "rows that repeat date, customer and article": Yardstick(0.101),
    "price, mean": Yardstick(0.0278),
    "price, lowest": Yardstick(1.7e-5, "full"),
    "price, highest": Yardstick(0.5915, "full"),
    "price, lowest monthly mean": Yardstick(0.0223),
    "price, highest monthly mean": Yardstick(0.0336),
    "share of rows online": Yardstick(0.704),
    "share of rows online, April 2020": Yardstick(1.0),
    "sales of Ladieswear": Yardstick(0.642),
    "sales of Divided": Yardstick(0.224),
    "sales of Menswear": Yardstick(0.056),
    "sales of Sport": Yardstick(0.040),
    "sales of Baby/Children": Yardstick(0.039),
    "FN empty": Yardstick(0.65),
    "Active empty": Yardstick(0.66),
    "age empty": Yardstick(0.012),
    "postal codes": Yardstick(352_899, "customers"),
    "customers of the commonest postal code": Yardstick(120_303, "customers"),
    "detail_desc empty": Yardstick(416 / 105_542, "full"),
    **{f"distinct {name}": Yardstick(n, "full" if name in SHRINKING else "any") for name, n in CARDINALITIES.items()},
}
"""Shares are 0 to 1. `last week` = the last 7 days; a pair = a customer and an article; customers and articles without a purchase
do not count in `per customer`, `customers with`, `customers inactive` and `per article`."""
