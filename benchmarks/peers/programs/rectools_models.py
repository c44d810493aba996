"""What a user of RecTools' two-stage model has to write for a retailer: a generator of own articles, features, groups."""

import pandas as pd
from rectools import Columns
from rectools.models.base import ModelBase
from rectools.models.ranking import CandidateFeatureCollector, Reranker

WINDOWS = (7, 28, 91)
HALF_LIVES = (14, 56, 224)


def days_before(interactions, end):
    """Whole days from each interaction to `end`: 1 = the day before."""
    return (end - interactions[Columns.Datetime]).dt.days


def decayed(days, half_life):
    return 0.5 ** (days / half_life)


class Repurchase(ModelBase):
    """The user's own items by decayed purchase days."""

    def __init__(self, half_life):
        super().__init__()
        self.half_life = half_life

    def _fit(self, dataset):
        rows = dataset.interactions.df
        days = days_before(rows, rows[Columns.Datetime].max() + pd.Timedelta(days=1))
        scored = rows.assign(score=decayed(days, self.half_life)).groupby(Columns.UserItem, as_index=False)["score"].sum()
        self.scored = scored.sort_values([Columns.User, "score", Columns.Item], ascending=[True, False, True])

    def _recommend_u2i(self, user_ids, dataset, k, filter_viewed, sorted_item_ids_to_recommend):
        best = self.scored[self.scored[Columns.User].isin(user_ids)].groupby(Columns.User, sort=False).head(k)
        return best[Columns.User].to_numpy(), best[Columns.Item].to_numpy(), best["score"].to_numpy()


class Features(CandidateFeatureCollector):
    """Counts in windows, decayed counts and recency, of users, items and pairs; all of the dataset that is given."""

    def collect_features(self, useritem, dataset, fold_info):
        self.rows = dataset.get_raw_interactions()
        end = fold_info["start"] if fold_info else self.rows[Columns.Datetime].max() + pd.Timedelta(days=1)
        self.rows["days"] = days_before(self.rows, end)
        found = super().collect_features(useritem, dataset, fold_info)
        found["pair_share"] = found["pair_count"] / found["user_baskets"]
        found["pair_due"] = found["pair_last"] * (found["pair_count"] - 1) / (found["pair_first"] - found["pair_last"])
        found["pair_place"] = found.groupby(Columns.User)["pair_decayed_56"].rank(ascending=False)
        return found

    def _get_user_features(self, users, dataset, fold_info):
        rows = self.rows[self.rows[Columns.User].isin(users)]
        by = rows.groupby(Columns.User)
        found = by.agg(user_baskets=("days", "nunique"), user_last=("days", "min"), user_items=(Columns.Item, "nunique"))
        found["user_rows"] = by.size()
        for days in WINDOWS:
            found[f"user_rows_{days}"] = rows[rows["days"] <= days].groupby(Columns.User).size()
        found["user_basket"] = found["user_rows"] / found["user_baskets"]
        found["user_new"] = found["user_items"] / found["user_rows"]
        return found.reset_index()

    def _get_item_features(self, items, dataset, fold_info):
        rows = self.rows[self.rows[Columns.Item].isin(items)]
        by = rows.groupby(Columns.Item)
        found = by.agg(item_buyers=(Columns.User, "nunique"), item_first=("days", "max"), item_last=("days", "min"))
        found["item_repeat"] = by.size() / found["item_buyers"]
        for days in WINDOWS:
            found[f"item_buyers_{days}"] = rows[rows["days"] <= days].groupby(Columns.Item)[Columns.User].nunique()
        found["item_trend"] = found["item_buyers_7"] / found["item_buyers_28"]
        return found.reset_index()

    def _get_user_item_features(self, useritem, dataset, fold_info):
        rows = self.rows[self.rows[Columns.User].isin(useritem[Columns.User].unique())]
        rows = rows.assign(**{f"decayed_{half}": decayed(rows["days"], half) for half in HALF_LIVES})
        rows = rows.assign(**{f"count_{days}": rows["days"] <= days for days in WINDOWS})
        found = rows.groupby(Columns.UserItem).agg(
            pair_count=("days", "size"),
            pair_last=("days", "min"),
            pair_first=("days", "max"),
            **{f"pair_decayed_{half}": (f"decayed_{half}", "sum") for half in HALF_LIVES},
            **{f"pair_count_{days}": (f"count_{days}", "sum") for days in WINDOWS},
        )
        return found.reset_index()


class GroupedReranker(Reranker):
    """LightGBM ranks within groups: its rows must lie by user, once each, with the sizes of the groups."""

    def prepare_fit_kwargs(self, candidates_with_target):
        rows = candidates_with_target.drop_duplicates(Columns.UserItem).sort_values(Columns.UserItem)
        return {**super().prepare_fit_kwargs(rows), "group": rows.groupby(Columns.User).size().to_numpy()}
